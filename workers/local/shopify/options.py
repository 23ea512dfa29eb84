"""How the emulated shop behaves: credentials, speed and limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shared.limits import SHOPIFY_API_VERSION

ALL_SCOPES = (
    "read_orders",
    "read_all_orders",
    "read_products",
    "write_products",
    "read_fulfillments",
    "read_returns",
    "read_customers",
)


@dataclass(frozen=True, slots=True)
class EmulatorOptions:
    """Settings of one emulator; the defaults are a fast, faultless shop."""

    access_token: str = "shpat_emulated"  # noqa: S105 - opens only this emulator
    client_id: str = "emulated-client"
    client_secret: str = "shpss_emulated"  # noqa: S105 - opens only this emulator
    install_code: str = "emulated-code"
    """What an installation gives to be exchanged for the access token."""
    webhook_secret: str = "shpss_emulated"  # noqa: S105 - signs only this emulator's deliveries
    scopes: tuple[str, ...] = ALL_SCOPES
    api_version: str = SHOPIFY_API_VERSION
    bulk_created_seconds: float = 0.02
    """How long a bulk operation stays CREATED."""
    bulk_running_seconds: float = 0.02
    """How long it stays RUNNING at least."""
    bulk_delayed_seconds: float = 1.0
    """How much longer it runs under the fault `bulk_delayed`."""
    throttle_maximum: float = 2_000
    throttle_restore_rate: float = 100
    maximum_query_cost: int = 1_000
    directory: Path | None = None
    """Where bulk results are kept; a temporary directory when it is not given."""
    webhook_timeout_seconds: float = 5.0
    webhook_retries: int = 8
    webhook_retry_scale: float = 1.0
    """Scales the 4 hours over which a failed delivery is retried; tests use a tiny one."""
    webhook_shuffle_seed: int | None = None
    """Deliver in a shuffled order with this seed."""
    token_seconds: int = 86_399
    is_controllable: bool = True
    """Serve `/_emulator`, by which tests make trouble and read the truth."""

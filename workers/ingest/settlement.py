"""The ports of ingest as the settling of orders takes them."""

from __future__ import annotations

from ingest.bindings import IngestBindings
from shared.commissions.settlement import Settlement


def settlement(bindings: IngestBindings) -> Settlement:
    """Return what books the commissions of orders."""
    key = bindings.settings.CLICK_SIGNING_KEY
    return Settlement(
        databases=bindings.databases,
        publication=bindings.publication,
        clock=bindings.clock,
        click_key=key.get_secret_value() if key else None,
    )

"""Where the parts of a running platform are, written into its state directory while it runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from local.state import State
from shared.errors import SettingsInvalid


@dataclass(frozen=True, slots=True)
class Addresses:
    """Base URLs; what opens `internal` and the catalog is told to whoever may read the state."""

    dashboard: str
    platform: str
    ingest: str
    internal: str
    shop: str
    database: str
    catalog: str
    warehouse: str
    catalog_token: str
    control: str
    """The secret that `internal` wants in the header `X-Local-Control`."""

    @classmethod
    def of_state(cls, state: State) -> Addresses:
        """Return where the platform of a state directory is.

        Raises:
            SettingsInvalid: None runs there.
        """
        try:
            return cls(**json.loads(state.addresses.read_text()))
        except FileNotFoundError as error:
            raise SettingsInvalid(f"no platform runs in {state.directory}") from error


@contextmanager
def announced(state: State, addresses: Addresses) -> Iterator[None]:
    """Keep the addresses in the state directory for the block, readable by its owner alone."""
    beside = state.addresses.with_suffix(".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(asdict(addresses), file)
    beside.replace(state.addresses)
    try:
        yield
    finally:
        state.addresses.unlink(missing_ok=True)

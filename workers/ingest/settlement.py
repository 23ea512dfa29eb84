"""The ports of ingest as the settling of orders takes them."""

from __future__ import annotations

from ingest.bindings import IngestBindings
from shared.commissions.settlement import Settlement
from shared.engagement.bindings import believed_keys


def settlement(bindings: IngestBindings) -> Settlement:
    """Return what books the commissions of orders."""
    return Settlement(
        databases=bindings.databases,
        publication=bindings.publication,
        clock=bindings.clock,
        click_keys=believed_keys(bindings.settings),
    )

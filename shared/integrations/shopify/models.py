"""What Shopify tells about itself: bulk operations, the shop, and agreements between passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from shared.clock import parse_instant
from shared.integrations.shopify.errors import ReplyMalformed
from shared.ports import JsonObject

_TERMINAL: Final = frozenset({"COMPLETED", "CANCELED", "FAILED", "EXPIRED"})


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """One bulk operation as polled. The status is text: one that Shopify adds is not terminal."""

    id: str
    status: str
    error_code: str | None
    created_at: datetime | None
    completed_at: datetime | None
    object_count: int
    root_object_count: int
    file_size: int | None
    """Bytes of the result; None until there is one."""
    url: str | None
    """None also when the operation completed with no rows."""
    partial_url: str | None

    @property
    def is_terminal(self) -> bool:
        """Return whether polling on cannot change anything."""
        return self.status in _TERMINAL

    @property
    def is_complete(self) -> bool:
        """Return whether the result is the whole result."""
        return self.status == "COMPLETED"

    @property
    def is_empty(self) -> bool:
        """Return whether it completed without any row."""
        return self.is_complete and self.url is None and self.object_count == 0

    @classmethod
    def of(cls, node: JsonObject) -> BulkOperation:
        """Read Shopify's object; counters are texts there.

        Raises:
            ReplyMalformed: A field that must be there is absent or not of its type.
        """
        try:
            return cls(
                id=node["id"],
                status=str(node["status"]).upper(),
                error_code=code.upper() if (code := node.get("errorCode")) else None,
                created_at=_instant(node.get("createdAt")),
                completed_at=_instant(node.get("completedAt")),
                object_count=int(node.get("objectCount") or 0),
                root_object_count=int(node.get("rootObjectCount") or 0),
                file_size=int(size) if (size := node.get("fileSize")) is not None else None,
                url=node.get("url") or None,
                partial_url=node.get("partialDataUrl") or None,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ReplyMalformed("a bulk operation lacks a field or has a bad one") from error


def _instant(text: str | None) -> datetime | None:
    return parse_instant(text) if text else None


@dataclass(frozen=True, slots=True)
class Shop:
    """What a shop says of itself."""

    domain: str
    """The canonical `*.myshopify.com` name."""
    name: str
    timezone: str
    currency: str


class Agreement(NamedTuple):
    """A sales agreement that refunds or adds: what its sales (child rows) need to be read."""

    gid: str
    order_gid: str
    happened_at: datetime
    refund_gid: str | None
    """Set on refund agreements; None on order edits and returns."""

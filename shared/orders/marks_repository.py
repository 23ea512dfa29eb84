"""What stays true of an order whatever is written of it later: that it was deleted, or redacted.

Every write of orders ends with `apply`: a delivery that comes late, or an archive that is loaded
again, brings neither a deleted order back nor the personal data that was erased.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from shared.ids import derived_id
from shared.orders.landing import CLICK_ID, CLICK_PATTERN
from shared.ports import Database

_ATTRIBUTES: Final = (
    "custom_attributes = (SELECT COALESCE(jsonb_agg(a), '[]'::jsonb)"
    f" FROM jsonb_array_elements(custom_attributes) AS a WHERE a->>'key' = '{CLICK_ID}')"
)
_LANDING: Final = (
    f"landing_site = '/?{CLICK_ID}=' || substring(landing_site FROM '{CLICK_PATTERN}')"
)
"""The click that led to an order names no person, and publishers are paid by it."""
_HEADERS: Final = (
    "UPDATE order_header SET email_hash = NULL, note = NULL, po_number = NULL,"
    f" referring_site = NULL, {_LANDING}, {_ATTRIBUTES} WHERE id = ANY($1::text[])"
)
_ADDRESSES: Final = (
    "UPDATE order_address SET first_name = NULL, last_name = NULL, company = NULL,"
    " address1 = NULL, address2 = NULL, city = NULL, province = NULL, province_code = NULL,"
    " zip = NULL, phone = NULL WHERE order_id = ANY($1::text[])"
)
"""The country stays: it is in the events, and names nobody."""
_REDACTIONS: Final = (
    _HEADERS,
    _ADDRESSES,
    "UPDATE order_line_item SET custom_attributes = '[]' WHERE order_id = ANY($1::text[])",
    "UPDATE order_refund SET note = NULL WHERE order_id = ANY($1::text[])",
    "UPDATE fulfillment SET tracking = '[]' WHERE order_id = ANY($1::text[])",
)


class OrderMarks:
    """Marks orders, also those that are not known (yet)."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def delete(self, gid: str, at: datetime) -> None:
        """Note that Shopify deleted the order."""
        order_id = derived_id("ord", gid)
        await self._db.execute(
            "INSERT INTO order_mark AS t (order_id, deleted_at) VALUES ($1, $2) ON CONFLICT"
            " (order_id) DO UPDATE SET deleted_at = COALESCE(t.deleted_at, excluded.deleted_at)",
            order_id,
            at,
        )
        await self.apply([order_id])

    async def is_deleted(self, order_id: str) -> bool:
        """Return whether Shopify is known to have deleted the order."""
        sql = "SELECT true FROM order_mark WHERE order_id = $1 AND deleted_at IS NOT NULL"
        return bool(await self._db.fetch_value(sql, order_id))

    async def redact(self, order_ids: Sequence[str], at: datetime) -> None:
        """Erase what is personal of these orders, now and from whatever is written later."""
        await self._db.execute(
            "INSERT INTO order_mark AS t (order_id, redacted_at)"
            " SELECT id, $2 FROM unnest($1::text[]) AS id ON CONFLICT (order_id)"
            " DO UPDATE SET redacted_at = COALESCE(t.redacted_at, excluded.redacted_at)",
            sorted(order_ids),
            at,
        )
        await self.apply(order_ids)

    async def apply(self, order_ids: Collection[str]) -> None:
        """Make the rows of those of these orders that bear a mark say so."""
        if not order_ids:
            return
        marks = await self._db.fetch_all(
            "SELECT order_id, deleted_at, redacted_at FROM order_mark"
            " WHERE order_id = ANY($1::text[]) ORDER BY order_id",
            sorted(order_ids),
        )
        if deleted := [mark for mark in marks if mark["deleted_at"] is not None]:
            await self._db.execute(
                "UPDATE order_header AS h SET deleted_at = m.deleted_at"
                " FROM unnest($1::text[], $2::timestamptz[]) AS m (id, deleted_at)"
                " WHERE h.id = m.id AND h.deleted_at IS NULL",
                [mark["order_id"] for mark in deleted],
                [mark["deleted_at"] for mark in deleted],
            )
        if redacted := [m["order_id"] for m in marks if m["redacted_at"] is not None]:
            for statement in _REDACTIONS:
                await self._db.execute(statement, redacted)

"""Remembers deliveries, and says how what they are about stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.jobs import ShopifyWebhook
from shared.orders.models import Fulfillment
from shared.ports import Database
from shared.webhooks.models import Noted, Outcome, Standing


class WebhookDeliveries:
    """The deliveries of the last days, by their names."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def known(self, deliveries: Sequence[str]) -> set[str]:
        """Return which of these were dealt with."""
        rows = await self._db.fetch_all(
            "SELECT id FROM webhook_delivery WHERE id = ANY($1::text[])", deliveries
        )
        return {row["id"] for row in rows}

    async def record(
        self,
        job: ShopifyWebhook,
        outcome: Outcome,
        *,
        at: datetime,
        subject: str | None = None,
        digest: str | None = None,
    ) -> bool:
        """Note a delivery, in the transaction of what it wrote; False if it was noted before."""
        return await self.note([Noted(job, outcome, subject, digest)], at=at) == 1

    async def note(self, notes: Sequence[Noted], *, at: datetime) -> int:
        """Note deliveries, in the transaction of what they wrote; return how many were new."""
        if not notes:
            return 0
        rows = sorted(notes, key=lambda noted: noted.job.run_id)
        return await self._db.execute(
            "INSERT INTO webhook_delivery (id, shop, topic, webhook_id, event_id, subject_id,"
            " digest, outcome, handled_at) SELECT u.*, $9 FROM unnest($1::text[], $2::text[],"
            " $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) AS u"
            " ON CONFLICT (id) DO NOTHING",
            [noted.job.run_id for noted in rows],
            [noted.job.shop for noted in rows],
            [noted.job.topic for noted in rows],
            [noted.job.webhook_id for noted in rows],
            [noted.job.event_id for noted in rows],
            [noted.subject for noted in rows],
            [noted.digest for noted in rows],
            [noted.outcome for noted in rows],
            at,
        )

    async def forget(self, before: datetime, *, limit: int) -> int:
        """Forget deliveries that are older; return how many of at most `limit` there were."""
        return await self._db.execute(
            "DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery"
            " WHERE handled_at < $1 ORDER BY handled_at LIMIT $2)",
            before,
            limit,
        )

    async def lock_order(self, order_id: str) -> Standing | None:
        """Return how an order stands, and keep others from writing it until the commit."""
        row = await self._db.fetch_one(
            "SELECT h.shopify_updated_at AS updated_at, d.digest,"
            " h.stream_pending_version IS NOT NULL AND h.written_by NOT LIKE 'whd\\_%' AS bulk"
            " FROM order_header AS h LEFT JOIN webhook_delivery AS d ON d.id = h.written_by"
            " WHERE h.id = $1 FOR NO KEY UPDATE OF h",
            order_id,
        )
        if row is None:
            return None
        lines = await self._db.fetch_all(
            "SELECT id FROM order_line_item WHERE order_id = $1", order_id
        )
        return Standing(
            row["updated_at"],
            row["digest"],
            is_incomplete=row["bulk"],
            lines=frozenset(line["id"] for line in lines),
        )

    async def lock_product(self, product_id: str) -> Standing | None:
        """Return how a product stands, and keep others from writing it until the commit."""
        row = await self._db.fetch_one(
            "SELECT p.shopify_updated_at AS updated_at, d.digest FROM product AS p"
            " LEFT JOIN webhook_delivery AS d ON d.id = p.written_by"
            " WHERE p.id = $1 FOR NO KEY UPDATE OF p",
            product_id,
        )
        return None if row is None else Standing(row["updated_at"], row["digest"])

    async def order_of_return(self, return_gid: str) -> str | None:
        """Return the gid of the order of a return that is known."""
        gid: str | None = await self._db.fetch_value(
            "SELECT h.shopify_gid FROM order_return AS r JOIN order_header AS h"
            " ON h.id = r.order_id WHERE r.shopify_gid = $1",
            return_gid,
        )
        return gid


class KnownFacts:
    """Whether the facts that a body reports are all in the rows already."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def transactions(self, ids: Sequence[str], statuses: Sequence[str]) -> bool:
        """Return whether all of these transactions are there, in these states."""
        found = await self._db.fetch_value(
            "SELECT count(*) FROM order_transaction AS t"
            " JOIN unnest($1::text[], $2::text[]) AS w (id, status)"
            " ON w.id = t.id AND w.status = t.status",
            ids,
            statuses,
        )
        return bool(found == len(set(ids)))

    async def refund(self, refund_id: str, quantities: dict[str, int]) -> bool:
        """Return whether a refund is there with these units by the ids of its lines."""
        row = await self._db.fetch_one(
            "SELECT (SELECT count(*) FROM order_refund WHERE id = $1) AS heads,"
            " (SELECT count(*) FROM order_refund_line AS l"
            " JOIN unnest($2::text[], $3::bigint[]) AS w (id, quantity)"
            " ON w.id = l.id AND w.quantity = l.quantity) AS lines",
            refund_id,
            list(quantities),
            list(quantities.values()),
        )
        return row is not None and (row["heads"], row["lines"]) == (1, len(quantities))

    async def fulfillment(self, wanted: Fulfillment, lines: Sequence[str]) -> bool:
        """Return whether a fulfillment is there, the same or newer, with these lines."""
        row = await self._db.fetch_one(
            "SELECT (SELECT count(*) FROM fulfillment WHERE id = $1 AND (updated_at > $2 OR"
            " (updated_at = $2 AND status = $3 AND tracking = $4::jsonb))) AS heads,"
            " (SELECT count(*) FROM fulfillment_line WHERE id = ANY($5::text[])) AS lines",
            wanted.id,
            wanted.updated_at,
            wanted.status,
            wanted.tracking,
            lines,
        )
        return row is not None and (row["heads"], row["lines"]) == (1, len(lines))

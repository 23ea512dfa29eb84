"""Deals with deliveries about an order that Shopify answers nothing for when it is read.

Such an order was deleted, or the token may not see it: without the scope `read_all_orders` those
created more than 60 days ago are hidden, though Shopify goes on telling what happens to them.
Nothing that was told is dropped as long as the order is not known to be deleted.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.orders.marks_repository import OrderMarks
from shared.orders.repository import OrderWrites
from shared.ports import Database
from shared.webhooks.errors import OrderNotShown
from shared.webhooks.models import Noted, Outcome, Standing, WebhookPorts
from shared.webhooks.order_parts import is_known
from shared.webhooks.repository import WebhookDeliveries
from shared.webhooks.told import Results, Told


async def settle_unshown(
    db: Database, order_id: str, group: Sequence[Told], ports: WebhookPorts
) -> Results:
    """Write the newest body that holds the order, and leave what no row says to be tried again.

    Args:
        db: In the transaction that notes what becomes of the deliveries.
        order_id: The order, which is locked.
        group: Deliveries about it that were not dealt with before.
        ports: Those of the handling.

    Returns:
        `OrderNotShown` for what is lost if it is dropped: a part of an order that is kept, with a
        fact that its rows do not hold.
    """
    if await OrderMarks(db).is_deleted(order_id):
        outcomes: Results = {told.job.run_id: "gone" for told in group}
    else:
        outcomes = await _write_newest(db, group, ports)
        standing = await WebhookDeliveries(db).lock_order(order_id)
        for told in group:
            if told.claim is None:
                outcomes[told.job.run_id] = await _of_part(db, told, standing)
    notes = [
        Noted(told.job, outcome, order_id, told.claim.digest if told.claim else None)
        for told in group
        if not isinstance(outcome := outcomes[told.job.run_id], Exception)
    ]
    await WebhookDeliveries(db).note(notes, at=ports.clock.now())
    return outcomes


async def _write_newest(db: Database, group: Sequence[Told], ports: WebhookPorts) -> Results:
    """Write the newest body, the last of its second, if no newer one was written before."""
    bodies = [(told.claim, told.parts, told.job) for told in group if told.claim and told.parts]
    outcomes: Results = {job.run_id: "outdated" for _, _, job in bodies}
    if not bodies:
        return outcomes
    newest = max(claim.updated_at for claim, _, _ in bodies)
    claim, parts, job = [body for body in bodies if body[0].updated_at == newest][-1]
    writes = OrderWrites(db, timezone=ports.settings.SHOP_TIMEZONE)
    if await writes.write_whole(parts, written_by=job.run_id, sparse=True):
        same: Outcome = "same"
        outcomes |= {other.run_id: same for one, _, other in bodies if one.digest == claim.digest}
        outcomes[job.run_id] = "written"
    return outcomes


async def _of_part(db: Database, told: Told, standing: Standing | None) -> Outcome | OrderNotShown:
    if standing is None:
        return "gone"
    if await is_known(told.job.topic, told.body, db):
        return "known"
    return OrderNotShown()

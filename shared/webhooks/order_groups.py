"""Brings one order up to date with all the deliveries of a batch that are about it.

The newest body is written where it is the whole truth; what then remains to be told of the order is
read from Shopify, once. Each delivery is noted in the transaction that writes what it reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from shared.ids import derived_id
from shared.integrations.shopify.client import ShopifyClient
from shared.integrations.shopify.errors import AccessDenied
from shared.integrations.shopify.graphql_whole_orders import WholeOrder
from shared.integrations.shopify.reads import read_whole_order
from shared.orders.repository import OrderWrites
from shared.ports import Database
from shared.transactions import in_transaction
from shared.webhooks.errors import OrderKeepsChanging
from shared.webhooks.judgement import judge, order_digest
from shared.webhooks.models import Noted, Outcome, Standing, WebhookPorts
from shared.webhooks.order_parts import holds_its_facts, is_known
from shared.webhooks.repository import WebhookDeliveries
from shared.webhooks.told import Results, Told
from shared.webhooks.unshown_orders import settle_unshown

_READS_MAX: Final = 3


async def settle_order(gid: str, group: Sequence[Told], ports: WebhookPorts) -> Results:
    """Write what the deliveries report of one order, each once.

    Returns:
        What became of each, or the error that keeps it.

    Raises:
        MalformedNode: The order that Shopify answers cannot be read.
        OrderKeepsChanging: Try again.
    """
    done: Results = {}
    if all(told.claim or holds_its_facts(told.job.topic) for told in group):
        async with ports.databases.open() as db:
            done = await in_transaction(db, partial(_write_bodies, db, gid, group, ports))
    if rest := [told for told in group if told.job.run_id not in done]:
        done |= await _read_and_write(gid, rest, ports)
    return done


async def _write_bodies(
    db: Database, gid: str, group: Sequence[Told], ports: WebhookPorts
) -> Results:
    """Write the newest body if it is to be written; leave out who needs the order to be read."""
    deliveries, order_id, now = WebhookDeliveries(db), derived_id("ord", gid), ports.clock.now()
    writes = OrderWrites(db, timezone=ports.settings.SHOP_TIMEZONE)
    standing = await deliveries.lock_order(order_id)
    done: Results = {}
    for told in sorted(group, key=_in_order):
        job, claim, parts = told.job, told.claim, told.parts
        verdict = judge(claim, standing) if claim else "known"
        if verdict == "read" or (not claim and not await is_known(job.topic, told.body, db)):
            continue
        outcome: Outcome = "written" if verdict == "write" else verdict
        digest = claim.digest if claim else None
        if not await deliveries.record(job, outcome, at=now, subject=order_id, digest=digest):
            done[job.run_id] = "duplicate"
            standing = await deliveries.lock_order(order_id)  # what the other attempt wrote
            continue
        done[job.run_id] = outcome
        if verdict == "write" and claim and parts:
            await writes.write_whole(parts, written_by=job.run_id, sparse=True)
            standing = Standing(claim.updated_at, claim.digest, lines=frozenset(claim.lines))
    return done


def _in_order(told: Told) -> tuple[bool, bool, float, str]:
    """Put a birth first, then the newest body, and parts last, which a body may have told of."""
    if told.claim is None:
        return True, False, 0.0, told.job.run_id
    return False, not told.claim.is_birth, -told.claim.updated_at.timestamp(), told.job.run_id


async def _read_and_write(gid: str, group: Sequence[Told], ports: WebhookPorts) -> Results:
    """Read the whole order and write it; read it again if a newer state was written meanwhile.

    The newer one may be of a body, and a body does not hold what made these deliveries.
    """
    for _ in range(_READS_MAX):
        async with ports.shopify() as client:
            whole = await _read(client, gid)
        async with ports.databases.open() as db:
            done = await in_transaction(db, partial(_write_read, db, gid, group, whole, ports))
        if done is not None:
            return done
    raise OrderKeepsChanging(gid)


async def _write_read(
    db: Database,
    gid: str,
    group: Sequence[Told],
    whole: WholeOrder | None,
    ports: WebhookPorts,
) -> Results | None:
    deliveries, order_id = WebhookDeliveries(db), derived_id("ord", gid)
    await deliveries.lock_order(order_id)
    known = await deliveries.known([told.job.run_id for told in group])
    done: Results = dict.fromkeys(known, "duplicate")
    left = [told for told in group if told.job.run_id not in known]
    if not left:
        return done
    if whole is None:
        return done | await settle_unshown(db, order_id, left, ports)
    writes = OrderWrites(db, timezone=ports.settings.SHOP_TIMEZONE)
    writer = left[0].job.run_id
    if not await writes.write_whole(whole.parts, written_by=writer, additions=whole.additions):
        return None
    notes = [Noted(told.job, "known", order_id) for told in left]
    notes[0] = replace(notes[0], outcome="written", digest=order_digest(whole.parts))
    await deliveries.note(notes, at=ports.clock.now())
    return done | {noted.job.run_id: noted.outcome for noted in notes}


async def _read(client: ShopifyClient, gid: str) -> WholeOrder | None:
    """Read an order; what the app may not read is left out, and only then asked about."""
    try:
        return await read_whole_order(client, gid)
    except AccessDenied:
        scopes, customer_data = await client.access_scopes(), await client.reads_customer_data()
    return await read_whole_order(client, gid, scopes=scopes, customer_data=customer_data)

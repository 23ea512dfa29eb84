"""Publications and rates: the rules that a single row cannot check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.errors import Conflict, FieldProblem, InvalidInput
from shared.identity.models import Principal
from shared.ports import Database
from shared.publishers.models import (
    ItemContent,
    Publication,
    PublicationContent,
    PublicationItem,
    Rate,
    RateContent,
)
from shared.publishers.repository import Publishing
from shared.publishers.versioned_repository import AD_SERVERS, PROGRAMS, PUBLICATIONS, PUBLISHERS


async def create_publication(
    db: Database, publisher_id: str, content: PublicationContent, *, by: Principal, at: datetime
) -> Publication:
    """Keep a new publication of a publisher.

    Raises:
        NotFound: There is no such publisher.
        InvalidInput: Its ad server or program is not one it can have.
    """
    await PUBLISHERS.get(db, publisher_id)
    await _check_links(db, publisher_id, content)
    async with db.transaction():
        kept = await PUBLICATIONS.add(db, content, at=at, by=by.name, owner_id=publisher_id)
        await Publishing(db).mark_published(kept.id, at)
        return await PUBLICATIONS.get(db, kept.id)


async def change_publication(
    db: Database,
    publication: Publication,
    content: PublicationContent,
    *,
    by: Principal,
    at: datetime,
) -> Publication:
    """Change a publication from the version that was read.

    Raises:
        PreconditionFailed: It has changed since.
        InvalidInput: Its ad server or program is not one it can have.
    """
    await _check_links(db, publication.publisher_id, content)
    async with db.transaction():
        await PUBLICATIONS.update(
            db, publication.id, content, expected_version=publication.version, at=at, by=by.name
        )
        await Publishing(db).mark_published(publication.id, at)
        return await PUBLICATIONS.get(db, publication.id)


async def change_items(
    db: Database,
    publication: Publication,
    items: Sequence[ItemContent],
    *,
    by: Principal,
    at: datetime,
) -> tuple[Publication, list[PublicationItem]]:
    """Replace the items of a publication; their order is that of the list.

    Raises:
        PreconditionFailed: The publication has changed since it was read.
        InvalidInput: A product is named twice or not known.
    """
    publishing = Publishing(db)
    await _check_products(publishing, items)
    content = PublicationContent.model_validate(
        publication.model_dump(include=set(PublicationContent.model_fields))
    )
    async with db.transaction():
        kept = await PUBLICATIONS.update(
            db, publication.id, content, expected_version=publication.version, at=at, by=by.name
        )
        await publishing.replace_items(publication.id, items)
        return kept, await publishing.items(publication.id)


async def add_rate(
    db: Database, program_id: str, content: RateContent, *, by: Principal, now: datetime
) -> Rate:
    """Add a rate to a program; what was earned before it starts keeps the rate it had.

    Raises:
        NotFound: There is no such program.
        InvalidInput: It would start in the past, or its publisher is not known.
        Conflict: A rate of the same publishers starts at the same instant.
    """
    await PROGRAMS.get(db, program_id)
    starts = content.effective_from or now
    if starts < now:
        raise _invalid("/effective_from", "must not be in the past")
    if content.publisher_id and await PUBLISHERS.find(db, content.publisher_id) is None:
        raise _invalid("/publisher_id", "is not a known publisher")
    return await Publishing(db).add_rate(
        program_id,
        publisher_id=content.publisher_id,
        basis_points=content.basis_points,
        effective_from=starts,
        at=now,
        by=by.name,
    )


async def withdraw_rate(db: Database, program_id: str, rate_id: str, *, now: datetime) -> None:
    """Remove a rate that has not started yet.

    Raises:
        NotFound: The program has no such rate.
        Conflict: It has started; a later rate replaces it.
    """
    if not await Publishing(db).remove_rate(program_id, rate_id, now=now):
        raise Conflict("the rate has started; add a later one instead")


async def _check_links(db: Database, publisher_id: str, content: PublicationContent) -> None:
    if content.ad_server_id is not None:
        ad_server = await AD_SERVERS.find(db, content.ad_server_id)
        if ad_server is None or ad_server.publisher_id != publisher_id:
            raise _invalid("/ad_server_id", "is not an ad server of the publisher")
    if content.program_id and await PROGRAMS.find(db, content.program_id) is None:
        raise _invalid("/program_id", "is not a known program")


async def _check_products(publishing: Publishing, items: Sequence[ItemContent]) -> None:
    known = await publishing.known_products([item.product_id for item in items])
    seen: set[str] = set()
    for number, item in enumerate(items):
        if item.product_id in seen:
            raise _invalid(f"/items/{number}/product_id", "is in the list already")
        if item.product_id not in known:
            raise _invalid(f"/items/{number}/product_id", "is not a known product")
        seen.add(item.product_id)


def _invalid(pointer: str, detail: str) -> InvalidInput:
    return InvalidInput(f"{pointer}: {detail}", problems=[FieldProblem(pointer, detail)])

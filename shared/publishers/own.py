"""What a publisher reads of itself; what belongs to another does not exist for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared.ports import Database
from shared.publishers.access_models import Caller
from shared.publishers.models import Publication
from shared.publishers.repository import Publishing
from shared.publishers.schemas import OwnAdServer, OwnProfile, OwnPublication, OwnPublicationItems
from shared.publishers.versioned_repository import AD_SERVERS, PUBLICATIONS, PUBLISHERS, Position

_AD_SERVERS_SHOWN: Final = 200


async def own_profile(db: Database, caller: Caller) -> OwnProfile:
    """Return the caller's profile with its ad servers."""
    publisher = await PUBLISHERS.get(db, caller.publisher_id)
    ad_servers = await AD_SERVERS.newest(db, owner_id=caller.publisher_id, limit=_AD_SERVERS_SHOWN)
    return OwnProfile(
        **publisher.model_dump(include=OwnProfile.model_fields.keys() - {"ad_servers"}),
        ad_servers=[
            OwnAdServer(**server.model_dump(include=set(OwnAdServer.model_fields)))
            for server in ad_servers
        ],
    )


async def own_publications(
    db: Database, caller: Caller, *, before: Position | None, limit: int
) -> Sequence[OwnPublication]:
    """Return the caller's publications, newest first, that were created before a position."""
    found = await PUBLICATIONS.newest(db, owner_id=caller.publisher_id, before=before, limit=limit)
    return [OwnPublication.model_validate(_own(publication)) for publication in found]


async def own_publication(db: Database, caller: Caller, publication_id: str) -> OwnPublicationItems:
    """Return one of the caller's publications.

    Raises:
        NotFound: It has none with this id, whoever else may.
    """
    found = await PUBLICATIONS.find(db, publication_id)
    if found is None or found.publisher_id != caller.publisher_id:
        raise PUBLICATIONS.missing(publication_id)
    items = await Publishing(db).items(publication_id)
    return OwnPublicationItems.model_validate({**_own(found), "items": items})


def _own(publication: Publication) -> dict[str, object]:
    return publication.model_dump(include=set(OwnPublication.model_fields))

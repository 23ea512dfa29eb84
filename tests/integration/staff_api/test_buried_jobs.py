"""A job that was given up says so on what it should have made, until it is replayed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ingest.queue import store_dead_letter

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.models import Artifact
from shared.artifacts.repository import Artifacts
from shared.errors import Unavailable
from shared.ids import derived_id
from shared.products.repository import ProductWrites
from tests.fixtures import orders as made
from tests.fixtures.ingest import Absent, NotedWorkflows, consume_one
from tests.fixtures.staff_api import NOW, StaffApi

PRODUCT = derived_id("prd", "1")
LINK = "https://www.dropbox.com/scl/fi/a1b2c3/fox.png?rlkey=x&dl=0"
LETTER = f"/api/ingest/dead-letters/{NOW:%Y-%m-%d}/l1"
WHY = "Unavailable: Workflows do not answer"
ASKED: list[tuple[ArtifactKind, str, dict[str, Any]]] = [
    (ArtifactKind.DOCUMENT_EXPORT, "/api/csv/generate", {"json": {"kind": "products"}}),
    (
        ArtifactKind.COMBO_IMPORT,
        "/api/combo-logs/import",
        {"content": "title,tags\r\nA,x;y\r\n", "headers": {"Content-Type": "text/csv"}},
    ),
    (
        ArtifactKind.ASSET_INGEST,
        "/api/assets/ingest",
        {"json": {"product_id": PRODUCT, "dropbox_url": LINK}},
    ),
]


@pytest.fixture(autouse=True)
async def product(databases: AsyncpgDatabases) -> None:
    async with databases.open() as db:
        await ProductWrites(db).upsert_roots([made.product(1, id=PRODUCT)], written_by="run_1")


async def the_only(databases: AsyncpgDatabases, kind: ArtifactKind) -> Artifact:
    async with databases.open() as db:
        (artifact,) = await Artifacts(db).list(kind, limit=9)
    return artifact


async def given_up(api: StaffApi, path: str, asked: dict[str, Any], **others: Any) -> object:
    """Ask for something whose Workflow cannot be started; return the letter."""
    assert (await api.http.post(path, **asked)).status_code == 202
    (delivery,) = api.jobs.receive()
    api.jobs.ack(delivery)
    workflows = NotedWorkflows()
    workflows.error = Unavailable("Workflows do not answer")
    bindings = replace(api.ingest, workflows=workflows, **others)
    assert (await consume_one(delivery.body, 4, bindings)).action == "ack"
    (letter,) = api.ingest.dead_letters.receive()  # type: ignore[attr-defined]
    return letter.body


@pytest.mark.parametrize(("kind", "path", "asked"), ASKED)
async def test_what_waited_has_failed_until_the_letter_is_replayed(
    staff_api: StaffApi,
    databases: AsyncpgDatabases,
    kind: ArtifactKind,
    path: str,
    asked: dict[str, Any],
) -> None:
    letter = await given_up(staff_api, path, asked)
    found = await the_only(databases, kind)
    assert (found.status, found.payload["error"]) == ("failed", WHY)
    await store_dead_letter(letter, message_id="l1", at=NOW, bindings=staff_api.ingest)
    assert (await the_only(databases, kind)) == found
    assert (await staff_api.http.post(f"{LETTER}/replay")).status_code == 202
    await staff_api.work()
    again = await the_only(databases, kind)
    assert again.payload.get("error") != WHY
    assert again.status in {"ready", "done"} or kind is ArtifactKind.ASSET_INGEST


async def test_the_letter_says_so_where_the_consumer_could_not(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    class Away:
        def open(self) -> None:
            raise Unavailable("PostgreSQL does not answer")

    kind, path, asked = ASKED[0]
    letter = await given_up(staff_api, path, asked, databases=Away())
    assert (await the_only(databases, kind)).status == "requested"
    with pytest.raises(Unavailable):
        bindings = replace(staff_api.ingest, databases=Away())  # type: ignore[arg-type]
        await store_dead_letter(letter, message_id="l1", at=NOW, bindings=bindings)
    assert (await staff_api.http.get(LETTER)).status_code == 200, "it is kept all the same"
    await store_dead_letter(letter, message_id="l1", at=NOW, bindings=staff_api.ingest)
    found = await the_only(databases, kind)
    assert (found.status, found.payload["error"]) == ("failed", WHY)
    assert (await staff_api.http.delete(f"/api/csv/exports/{found.id}")).status_code == 204


async def test_what_is_made_already_is_left_as_it_is(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    kind, path, asked = ASKED[0]
    await staff_api.http.post(path, **asked)
    (delivery,) = staff_api.jobs.receive()
    await staff_api.jobs.send(delivery.body)  # type: ignore[arg-type]
    await staff_api.work()
    await store_dead_letter(delivery.body, message_id="l1", at=NOW, bindings=staff_api.ingest)
    assert (await the_only(databases, kind)).status == "ready"


async def test_a_job_without_an_artifact_asks_nothing_of_the_database(staff_api: StaffApi) -> None:
    await given_up(staff_api, "/api/tag-analytics/refresh", {}, databases=Absent())

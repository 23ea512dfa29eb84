"""The weekly check of the assets, and the commands that mend what it finds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from local.shopify.catalogue import Metafield
from local.shopify.generate.products import metafield_digest

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.models import Artifact
from shared.artifacts.repository import Artifacts
from shared.assets import health
from shared.assets.metafields import Verdict, audit_metafields
from shared.assets.models import METAFIELD_KEY, METAFIELD_NAMESPACE
from shared.assets.upkeep import backfill_assets, repair_content_types
from shared.integrations.shopify.client import ShopifyClient
from tests.fixtures.assets import BASE_URL, JPEG, PNG, AssetLab
from tests.fixtures.workflow_runs import NOW

CHECK = {"run_id": "asset-health-check-20261122T0300Z", "requested_by": "cron"}
CLEAN = dict.fromkeys(health.KINDS, 0)


async def report_of(lab: AssetLab, *, killed: bool = False) -> Artifact:
    """Run the check and return its only report."""
    run = lab.lab.run_killed_everywhere if killed else lab.lab.run
    status = await run("asset-health-check", CHECK)
    assert status.state == "complete", status.error
    async with lab.lab.databases.open() as db:
        (report,) = await Artifacts(db).list(ArtifactKind.ASSET_HEALTH_REPORT, limit=9)
    return report


async def with_assets(lab: AssetLab, count: int) -> list[str]:
    """Take files over, each linked to the first product; return their keys in order."""
    for number in range(count):
        link = lab.share(f"{number}.png", PNG + bytes([number]))
        status, _ = await lab.ingest(link)
        assert status.state == "complete", status.error
    return sorted(await lab.stored())


@pytest.mark.parametrize("page", [1, 500])
async def test_findings_both_ways(
    asset_lab: AssetLab, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(health, "PAGE", page)
    keys = await with_assets(asset_lab, 6)
    assets, clock = asset_lab.lab.ports.assets, asset_lab.lab.clock
    meta = {key: (await assets.head(key)) for key in keys}
    await assets.delete(keys[0])
    await assets.delete(keys[5])
    await assets.put(keys[1], b"short", content_type="image/png")
    found = meta[keys[2]]
    assert found is not None
    body = await assets.get(keys[2]) or b""
    await assets.put(keys[2], body, content_type="text/html", metadata=found.metadata)
    await assets.put(keys[3], body, content_type="image/png", metadata={"sha256": "0" * 64})
    for key in ("assets/0/first.png", "assets/zzz/last.png"):
        await assets.put(key, PNG, content_type="image/png")
    clock.advance(timedelta(days=2))
    await assets.put("assets/1/young.png", PNG, content_type="image/png")
    async with asset_lab.lab.databases.open() as db:
        await db.execute("UPDATE link_product_macrodata_artifact SET product_id = 'prd_x'")
    report = await report_of(asset_lab, killed=page == 1)
    assert report.status == "findings"
    assert report.payload["counts"] == {
        "object_missing": 2, "row_missing": 2, "size_differs": 1, "type_differs": 1,
        "hash_differs": 1,
    }  # fmt: skip
    assert (report.payload["objects"], report.payload["rows"]) == (7, 6)
    assert report.payload["dangling_links"] == 6
    missing = [sample["key"] for sample in report.payload["samples"]["object_missing"]]
    assert missing == [keys[0], keys[5]]
    strays = [sample["key"] for sample in report.payload["samples"]["row_missing"]]
    assert strays == ["assets/0/first.png", "assets/zzz/last.png"]


async def test_nothing_to_find_with_and_without_assets(asset_lab: AssetLab) -> None:
    report = await report_of(asset_lab)
    assert (report.status, report.payload["counts"]) == ("healthy", CLEAN)
    assert (report.payload["objects"], report.payload["rows"]) == (0, 0)
    await with_assets(asset_lab, 2)
    again = {**CHECK, "run_id": "second"}
    await asset_lab.lab.run("asset-health-check", again)
    summary = await asset_lab.lab.summary("second")
    assert (summary["health"], summary["status"]) == ("healthy", "complete")


def put_metafield(lab: AssetLab, number: int, value: str) -> None:
    """Let the shop's product have a metafield."""
    lab.products[number].metafields.append(
        Metafield(
            id=77_000_000 + number,
            namespace=METAFIELD_NAMESPACE,
            key=METAFIELD_KEY,
            type="url",
            value=value,
            digest=metafield_digest("url", value),
            created_at=0,
            updated_at=0,
        )
    )


async def test_old_links_are_taken_over_once_and_the_audit_tells(asset_lab: AssetLab) -> None:
    lab = asset_lab.lab
    link = asset_lab.share("a.png", PNG)
    put_metafield(asset_lab, 0, link)
    put_metafield(asset_lab, 1, asset_lab.share("b.png", PNG + b"b"))
    put_metafield(asset_lab, 2, f"{BASE_URL}/assets/0/unknown.png")
    async with asset_lab.client() as http:
        client = ShopifyClient(http, settings=lab.ports.settings, clock=lab.clock)

        async def verdicts() -> dict[str, int]:
            audit = await audit_metafields(lab.databases, client, base_url=BASE_URL)
            assert sum(audit.counts.values()) == 3
            return dict(audit.counts)

        assert await verdicts() == {Verdict.DROPBOX: 2, Verdict.UNLINKED: 1}
        for limit, asked, left in ((1, 1, 1), (9, 2, 0)):
            batch = await backfill_assets(
                lab.databases, lab.ports.queue, client,
                base_url=BASE_URL, at=NOW, by="ann", limit=limit,
            )  # fmt: skip
            assert (len(batch.asked), batch.left) == (asked, left)
        jobs = [delivery.body for delivery in lab.ports.queue.receive()]
        assert len({job["run_id"] for job in jobs if isinstance(job, dict)}) == 2
        for job in jobs:  # the first one twice: the second batch cannot know that it was queued
            assert isinstance(job, dict)
            status = await lab.run("asset-ingest", {k: job[k] for k in job if k != "job_type"})
            assert status.state == "complete", status.error
        assert await verdicts() == {Verdict.OK: 2, Verdict.UNLINKED: 1}
        held = asset_lab.metafield(0)
        assert held is not None
        held.value = "https://elsewhere.example.com/"
        asset_lab.products[1].metafields.clear()
        del asset_lab.shop.store.products[asset_lab.products[2].id]
        assert await verdicts() == {Verdict.DIFFERS: 1, Verdict.MISSING: 1, Verdict.GONE: 1}


async def test_content_types_are_mended_by_content(asset_lab: AssetLab) -> None:
    (first, second) = await with_assets(asset_lab, 2)
    lab = asset_lab.lab
    found = await lab.ports.assets.head(first)
    assert found is not None
    body = await lab.ports.assets.get(first) or b""
    await lab.ports.assets.put(first, body, content_type="text/plain", metadata=found.metadata)
    await lab.ports.assets.put("assets/0/page.png", b"<html>", content_type="image/png")
    await lab.ports.assets.put("assets/0/photo.png", JPEG, content_type="image/png")
    async with lab.databases.open() as db:
        await db.execute(
            "UPDATE macrodata_artifact SET payload = jsonb_set(payload,"
            " '{content_type}', '\"x/y\"')"
            " WHERE payload->>'key' = $1", second,
        )  # fmt: skip
    for wanted in ((2, 1), (0, 0)):
        done = await repair_content_types(lab.databases, lab.ports.assets, at=NOW, by="ann")
        assert (done.checked, done.unknown, done.objects, done.rows) == (4, 1, *wanted)
    now = await lab.ports.assets.head(first)
    assert now is not None
    assert (now.content_type, now.metadata) == ("image/png", found.metadata)
    assert await lab.ports.assets.get(first) == body
    assert (await report_of(asset_lab)).payload["counts"] == CLEAN

"""Asset Ingest: one object, one row and one metafield write, whatever happens on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from local.dropbox_emulator import CONTENT_HOST
from local.shopify.faults import Fault
from starlette.responses import HTMLResponse, Response

from shared import limits
from shared.assets.ingestions import ProductNotFound, assets_of, ingestions_of, request_ingestion
from shared.assets.models import METAFIELD_KEY, METAFIELD_NAMESPACE
from shared.assets.transfer import receive
from shared.errors import Unavailable
from shared.integrations.dropbox import DropboxClient, FileRefused, LinkRefused
from tests.fixtures.assets import (
    BASE_URL,
    JPEG,
    PDF,
    PNG,
    SVG,
    WEBP,
    AssetLab,
    served,
)
from tests.fixtures.ingest import BrokenQueue
from tests.fixtures.workflow_runs import NOW

STEPS = ["begin", "download", "dedup", "upload", "link", "metafield", "finish", "report-completion"]
Breaker = Callable[[AssetLab, str], None]


ACCEPTED = [
    ("Blaue Möwe (1).png", PNG, "Blaue-Mowe-1.png", "image/png"),
    ("photo.JPEG", JPEG, "photo.jpeg", "image/jpeg"),
    ("no extension", WEBP, "no-extension.webp", "image/webp"),
    ("plan.pdf", PDF, "plan.pdf", "application/pdf"),
    ("logo.svg", SVG, "logo.svg", "image/svg+xml"),
    ("lies.png", JPEG + b"2", "lies.jpg", "image/jpeg"),
]


async def test_a_file_becomes_an_asset(asset_lab: AssetLab) -> None:
    for name, body, filename, content_type in ACCEPTED:
        status, request = await asset_lab.ingest(asset_lab.share(name, body))
        assert status.state == "complete", (name, status.error)
        digest = hashlib.sha256(body).hexdigest()
        key = f"assets/{digest[:16]}/{filename}"
        assert (await asset_lab.stored())[key] == body
        found = await asset_lab.lab.ports.assets.head(key)
        assert found is not None
        assert (found.content_type, found.metadata) == (content_type, {"sha256": digest})
        wanted = ("ready", None, f"{BASE_URL}/{key}")
        assert (request.status, request.error, request.url) == wanted
        metafield = asset_lab.metafield()
        assert metafield is not None
        assert (metafield.type, metafield.value) == ("url", f"{BASE_URL}/{key}")
        async with asset_lab.lab.databases.open() as db:
            assets = await assets_of(db, asset_lab.product_id())
        asset = next(found for found in assets if found.id == request.asset_id)
        assert (asset.sha256, asset.key, asset.filename) == (digest, key, filename)
    assert len(asset_lab.writes) == len(await asset_lab.stored()) == len(ACCEPTED)
    assert await asset_lab.lab.objects() == {}
    assert asset_lab.lab.steps == STEPS * len(ACCEPTED)


async def test_killed_around_every_step_it_does_everything_once(asset_lab: AssetLab) -> None:
    status, request = await asset_lab.ingest(asset_lab.share("a.png", PNG), killed=True)
    assert status.state == "complete", status.error
    assert request.status == "ready"
    assert list((await asset_lab.stored()).values()) == [PNG]
    assert len(await asset_lab.rows("macrodata_artifact", "kind = 'design_asset'")) == 1
    assert len(await asset_lab.rows("link_product_macrodata_artifact")) == 1
    assert len(asset_lab.writes) == 1
    assert await asset_lab.lab.objects() == {}


async def test_one_content_is_one_object_for_all_products(asset_lab: AssetLab) -> None:
    _, first = await asset_lab.ingest(asset_lab.share("a.png", PNG))
    _, second = await asset_lab.ingest(asset_lab.share("other name.png", PNG), 1)
    _, again = await asset_lab.ingest(asset_lab.share("a.png", PNG))
    assert first.asset_id == second.asset_id == again.asset_id
    assert first.url == second.url == again.url
    assert len(await asset_lab.stored()) == 1
    assert len(await asset_lab.rows("macrodata_artifact", "kind = 'design_asset'")) == 1
    assert len(await asset_lab.rows("link_product_macrodata_artifact")) == 2
    assert len(asset_lab.writes) == 2  # the third found its value there


async def test_a_request_that_is_ready_is_not_run_again(asset_lab: AssetLab) -> None:
    ingest_id, payload = await asset_lab.asked(asset_lab.share("a.png", PNG))
    await asset_lab.lab.run("asset-ingest", payload)
    (asset_lab.dropbox.directory / "a.png").unlink()
    again = await asset_lab.lab.run("asset-ingest", {**payload, "run_id": f"{ingest_id}-2"})
    assert again.state == "complete"
    assert isinstance(again.output, dict)
    assert again.output["status"] == "ready"


def _gone(lab: AssetLab, name: str) -> None:
    (lab.dropbox.directory / name).unlink()


def _elsewhere(lab: AssetLab, name: str) -> None:
    lab.dropbox.redirects[name] = "https://169.254.169.254/latest/meta-data"


def _lookalike(lab: AssetLab, name: str) -> None:
    lab.dropbox.redirects[name] = "https://dropboxusercontent.com.example.org/a.png"


def _plain_http(lab: AssetLab, name: str) -> None:
    lab.dropbox.redirects[name] = f"http://{CONTENT_HOST}/cd/0/get/{name}"


def _login(lab: AssetLab, name: str) -> None:
    lab.dropbox.redirects[name] = "https://www.dropbox.com/login?cont=x"


def _circle(lab: AssetLab, name: str) -> None:
    lab.dropbox.redirects[name] = lab.dropbox.link(name).replace("dl=0", "dl=1")


def _page(lab: AssetLab, name: str) -> None:
    lab.dropbox.answers[name] = lambda _: HTMLResponse("<!DOCTYPE html><html></html>")


def _hidden_page(lab: AssetLab, name: str) -> None:
    page = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
    lab.dropbox.answers[name] = served(page, content_type="image/png")


def _large(lab: AssetLab, name: str) -> None:
    length = str(limits.ASSET_BYTES + 1)
    lab.dropbox.answers[name] = served(b"", content_length=length)


def _film(lab: AssetLab, name: str) -> None:
    lab.dropbox.answers[name] = served(PNG, content_type="video/mp4")


def _archive(lab: AssetLab, name: str) -> None:
    lab.dropbox.answers[name] = served(b"PK\x03\x04" + bytes(600), content_type="image/png")


def _scripted(lab: AssetLab, name: str) -> None:
    lab.dropbox.answers[name] = served(SVG.replace(b"<path", b"<script/><path"))


def _empty(lab: AssetLab, name: str) -> None:
    lab.dropbox.answers[name] = served(b"")


def _changing(lab: AssetLab, name: str) -> None:
    lab.dropbox.answers[name] = lambda n: Response(
        PNG, headers={"etag": f'"{n}"'}, media_type="application/binary"
    )


def _changing_quietly(lab: AssetLab, name: str) -> None:
    lab.dropbox.answers[name] = lambda n: Response(
        PNG + bytes([n]), media_type="application/binary"
    )


def _down(lab: AssetLab, name: str) -> None:
    lab.dropbox.answers[name] = lambda _: Response(status_code=503)


REFUSED: list[tuple[Breaker, str]] = [
    (_gone, "leads to no file: Dropbox answers 404"),
    (_elsewhere, "redirects to a host that is not Dropbox's"),
    (_lookalike, "redirects to a host that is not Dropbox's"),
    (_plain_http, "redirects to a host that is not Dropbox's"),
    (_login, "redirects to a page of Dropbox"),
    (_circle, "redirects more than 5 times"),
    (_page, "leads to a page (HTML)"),
    (_hidden_page, "but a page (HTML)"),
    (_large, "the limit is 104857600 bytes"),
    (_film, "served as video/mp4"),
    (_archive, "neither PNG, JPG, WebP, PDF nor SVG"),
    (_scripted, "holds <script>"),
    (_empty, "the file is empty"),
    (_changing, "changed while it was being read"),
    (_changing_quietly, "changed while it was being read"),
    (_down, "Dropbox answers 503"),
]


async def test_a_bad_link_is_refused_with_its_reason(asset_lab: AssetLab) -> None:
    for broken, reason in REFUSED:
        name = f"{broken.__name__}.png"
        link = asset_lab.share(name, PNG)
        broken(asset_lab, name)
        status, request = await asset_lab.ingest(link)
        assert (status.state, request.status) == ("errored", "failed"), name
        assert reason in (request.error or ""), name
        assert (request.asset_id, request.url) == (None, None)
        assert await asset_lab.nothing_linked(), name
        assert not asset_lab.writes
        summary = await asset_lab.lab.summary(request.run_id)
        assert (summary["status"], summary["error"]["step"]) == ("failed", "download")


async def test_a_file_that_is_longer_than_it_says_is_cut_off(asset_lab: AssetLab) -> None:
    def unsized(_: int) -> Response:
        response = Response(PNG, media_type="application/binary", headers={"etag": '"1"'})
        del response.headers["content-length"]
        return response

    link, staging = asset_lab.share("a.png", PNG), asset_lab.lab.ports.objects
    asset_lab.dropbox.answers["a.png"] = unsized
    url = asset_lab.lab.ports.settings.DROPBOX_URL
    async with asset_lab.client() as http:
        dropbox = DropboxClient(http, url=url, bytes_max=len(PNG) - 1)
        with pytest.raises(FileRefused, match="more bytes than it was said to have"):
            await receive(dropbox, link, staging, run_id="r")
        exact = DropboxClient(http, url=url, bytes_max=len(PNG))
        assert (await receive(exact, link, staging, run_id="r")).size == len(PNG)


async def test_a_file_that_changes_once_is_read_again(asset_lab: AssetLab) -> None:
    link = asset_lab.share("a.png", PNG)
    newer = PNG + b"newer"
    asset_lab.dropbox.answers["a.png"] = lambda n: served(PNG if n == 1 else newer)(n)
    status, request = await asset_lab.ingest(link)
    assert status.state == "complete", status.error
    assert request.status == "ready"
    assert list((await asset_lab.stored()).values()) == [newer]


@pytest.mark.parametrize("killed", [False, True])
async def test_a_product_that_shopify_lost_is_not_left_linked(
    asset_lab: AssetLab,
    killed: bool,
) -> None:
    del asset_lab.shop.store.products[asset_lab.products[0].id]
    status, request = await asset_lab.ingest(asset_lab.share("a.png", PNG), killed=killed)
    assert status.state == "errored"
    assert request.status == "failed"
    assert "gid://shopify/Product/" in (request.error or "")
    assert await asset_lab.rows("link_product_macrodata_artifact") == []


async def test_a_failed_request_leaves_the_link_of_another(asset_lab: AssetLab) -> None:
    link = asset_lab.share("a.png", PNG)
    await asset_lab.ingest(link)
    del asset_lab.shop.store.products[asset_lab.products[0].id]
    _, request = await asset_lab.ingest(link)
    assert request.status == "failed"
    assert len(await asset_lab.rows("link_product_macrodata_artifact")) == 1


async def test_without_a_public_address_nothing_begins(asset_lab: AssetLab) -> None:
    settings = asset_lab.lab.ports.settings
    asset_lab.lab.ports.settings = settings.model_copy(update={"ASSET_BASE_URL": None})
    status, _ = await asset_lab.ingest(asset_lab.share("a.png", PNG))
    assert (status.state, status.error) == ("errored", "NonRetryable: ASSET_BASE_URL is not set")
    assert await asset_lab.nothing_linked()


async def test_what_cannot_be_asked(asset_lab: AssetLab) -> None:
    link, queue = asset_lab.share("a.png", PNG), asset_lab.lab.ports.queue
    product = asset_lab.product_id()
    async with asset_lab.lab.databases.open() as db:
        with pytest.raises(LinkRefused):
            await request_ingestion(
                db, queue, product_id=product, dropbox_url="http://x/", at=NOW, by="a"
            )
        with pytest.raises(ProductNotFound):
            await request_ingestion(db, queue, product_id="prd_0", dropbox_url=link, at=NOW, by="a")
        with pytest.raises(Unavailable):
            await request_ingestion(
                db, BrokenQueue(), product_id=product, dropbox_url=link, at=NOW, by="a"
            )
        (failed,) = await ingestions_of(db, product)
    assert (failed.status, failed.error) == ("failed", "could not be queued")
    assert queue.receive() == []


class TestMetafields:
    """What knowledge of Shopify says can go wrong with a metafield."""

    async def test_a_value_written_in_between_is_read_before_it_is_replaced(
        self, asset_lab: AssetLab
    ) -> None:
        product = asset_lab.products[0]
        await asset_lab.ingest(asset_lab.share("a.png", PNG))
        held = asset_lab.metafield()
        assert held is not None

        def other_writer() -> None:
            held.value, held.digest = "https://elsewhere.example.com/b.png", "changed"

        asset_lab.before_writes.append(other_writer)
        status, request = await asset_lab.ingest(asset_lab.share("b.png", PNG + b"b"))
        assert status.state == "complete", status.error
        assert held.value == request.url
        assert len(asset_lab.writes) == 3  # the second was stale, and changed nothing
        assert [m.key for m in product.metafields].count(METAFIELD_KEY) == 1

    async def test_25_a_refused_write_ends_with_its_reason_and_is_not_repeated(
        self, asset_lab: AssetLab
    ) -> None:
        products, lost = asset_lab.shop.store.products, asset_lab.products[0].id
        asset_lab.before_writes.append(lambda: products.pop(lost) and None)
        status, request = await asset_lab.ingest(asset_lab.share("a.png", PNG))
        assert (status.state, request.status) == ("errored", "failed")
        assert f"{METAFIELD_NAMESPACE}.{METAFIELD_KEY}" in (request.error or "")
        assert len(asset_lab.writes) == 1
        assert await asset_lab.rows("link_product_macrodata_artifact") == []

    async def test_28_a_throttled_write_is_written_once(self, asset_lab: AssetLab) -> None:
        asset_lab.shop.faults.inject(Fault.THROTTLED, 2)
        status, _ = await asset_lab.ingest(asset_lab.share("a.png", PNG))
        assert status.state == "complete", status.error
        assert asset_lab.metafield() is not None
        assert len(set(asset_lab.writes)) == 1, "what was refused is asked for again, unchanged"

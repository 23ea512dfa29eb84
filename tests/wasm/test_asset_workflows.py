"""Asset Ingest and its weekly check on the edge: Dropbox, both buckets, rows and a metafield."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared.assets.models import METAFIELD_KEY, METAFIELD_NAMESPACE
from shared.ids import derived_id, gid
from tests.fixtures.edge import Surroundings
from tests.wasm.test_background_workflows import ended

ROOT = Path(__file__).parents[2]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9"/></svg>'
SCRIPTED = SVG.replace(b"<path", b"<script/><path")


def test_a_drawing_is_taken_over_and_a_script_is_not(
    ports: Callable[..., Any], surroundings: Surroundings
) -> None:
    ports("queue.send", {"job_type": "PRODUCT_TAG_SYNC", "run_id": "edge-asset-products"})
    status = ended(ports, "product-tag-sync", "edge-asset-products")
    assert status["state"] == "complete", status
    product = min(surroundings.shopify.store.products.values(), key=lambda p: p.id)
    job = {"job_type": "ASSET_INGEST", "product_id": derived_id("prd", gid("Product", product.id))}
    for name, body, digit in (("logo.png", SVG, "c"), ("bad.svg", SCRIPTED, "d")):
        (surroundings.dropbox.directory / name).write_bytes(body)
        link = surroundings.dropbox.link(name)
        asked = {"run_id": f"edge-{name[:3]}", "ingest_id": "mda_" + digit * 32}
        for _ in range(2):  # delivered twice, run once
            ports("queue.send", {**job, **asked, "dropbox_url": link})
    status = ended(ports, "asset-ingest", "edge-log")
    assert status["state"] == "complete", status
    key = f"assets/{hashlib.sha256(SVG).hexdigest()[:16]}/logo.svg"
    (found,) = ports("assets.list")["objects"]
    assert (found["key"], found["content_type"]) == (key, "image/svg+xml")
    assert ports("assets.get", key).encode() == SVG
    wanted = (METAFIELD_NAMESPACE, METAFIELD_KEY)
    values = [m.value for m in product.metafields if (m.namespace, m.key) == wanted]
    assert [value.endswith(key) for value in values] == [True]
    status = ended(ports, "asset-ingest", "edge-bad")
    assert status["state"] == "errored"
    assert "holds <script>" in str(status["error"])
    assert len(ports("assets.list")["objects"]) == 1
    assert ports("objects.list", prefix="inbox/asset-")["objects"] == []
    ports("queue.send", {"job_type": "ASSET_HEALTH_CHECK", "run_id": "edge-asset-health"})
    status = ended(ports, "asset-health-check", "edge-asset-health")
    assert status["state"] == "complete", status
    run = ports("watermarks.run", "edge-asset-health")
    assert (run["health"], run["object_missing"], run["row_missing"]) == ("healthy", 0, 0)

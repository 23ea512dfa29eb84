"""A browser may keep what it read, and is told in a few bytes that nothing has changed."""

from __future__ import annotations

import pytest

from tests.fixtures.staff_api import StaffApi

GROUPS = "/api/tag-groups"
READS = (
    GROUPS,
    "/api/performance-metrics",
    "/api/performance-metrics/stats/summary",
    "/api/products",
    "/api/designers/names",
    "/api/combo-logs",
    "/api/combo-templates",
    "/api/csv/exports",
    "/api/ingest/runs",
    "/api/publishers",
)


@pytest.mark.parametrize("path", READS)
async def test_what_was_read_is_not_sent_again(staff_api: StaffApi, path: str) -> None:
    first = await staff_api.http.get(path)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "private, no-cache"
    known = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
    again = await staff_api.http.get(path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert "content-type" not in again.headers
    assert "x-request-id" in again.headers


async def test_a_change_is_sent(staff_api: StaffApi) -> None:
    known = {"If-None-Match": (await staff_api.http.get(GROUPS)).headers["etag"]}
    made = await staff_api.http.post(GROUPS, json={"name": "Theme"})
    changed = await staff_api.http.get(GROUPS, headers=known)
    assert (changed.status_code, len(changed.json()["items"])) == (200, 1)
    one = await staff_api.http.get(made.headers["location"], headers={"If-None-Match": '"1"'})
    assert one.status_code == 304, "its version is its ETag"


async def test_errors_and_health_are_not_kept(staff_api: StaffApi) -> None:
    for path in ("/api/health", "/api/combo-logs/mda_1", f"{GROUPS}?limit=0"):
        answer = await staff_api.http.get(path, headers={"If-None-Match": "*"})
        assert answer.status_code != 304
        assert answer.headers["cache-control"] == "no-store"


async def test_what_is_no_etag_names_no_version(staff_api: StaffApi) -> None:
    answer = await staff_api.http.get(GROUPS, headers={"If-None-Match": "not quoted"})
    assert answer.status_code == 200

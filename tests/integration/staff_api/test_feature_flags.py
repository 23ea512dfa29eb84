"""Staff reads and switches the feature flags, or is told why not."""

from __future__ import annotations

import pytest

from shared.adapters.embedded.cache import JournalCache
from shared.clock import SystemClock
from shared.config import FLAG_NAMES
from shared.errors import Unavailable
from shared.flags import HeldFlags
from shared.ports import Json
from tests.fixtures.staff_api import StaffApi

FLAGS = "/api/feature-flags"
GENERATE = "/api/combo-suggestions/generate"


class Broken(JournalCache):
    """Keeps nothing."""

    async def keep(self, key: str, value: Json, /) -> None:
        del key, value
        raise Unavailable("KV did not take it")


@pytest.fixture
def switches(staff_api: StaffApi) -> JournalCache:
    kept = JournalCache(staff_api.jobs.journal, clock=SystemClock())
    staff_api.configure(switches=kept)
    return kept


@pytest.mark.usefixtures("switches")
async def test_a_flag_is_switched_and_reset(staff_api: StaffApi) -> None:
    read = (await staff_api.http.get(FLAGS)).json()["flags"]
    assert [flag["name"] for flag in read] == list(FLAG_NAMES)
    assert all(flag["is_on"] and flag["default_is_on"] and flag["meaning"] for flag in read)
    assert {flag["switched_by"] for flag in read} == {None}
    before = SystemClock().now()
    put = await staff_api.http.put(f"{FLAGS}/suggestions", json={"is_on": False})
    assert put.status_code == 200, put.text
    [kept] = [f for f in (await staff_api.http.get(FLAGS)).json()["flags"] if not f["is_on"]]
    assert kept == put.json()
    assert (kept["name"], kept["switched_by"]) == ("suggestions", "staff@example.com")
    assert kept["switched_at"] >= before.isoformat()[:19]
    refused = await staff_api.http.post(GENERATE)
    assert refused.status_code == 503
    assert refused.json()["type"] == "urn:problem:switched-off"
    assert refused.headers["retry-after"] == "60"
    for _ in range(2):
        assert (await staff_api.http.delete(f"{FLAGS}/suggestions")).status_code == 204
    assert (await staff_api.http.get(FLAGS)).json()["flags"] == read
    assert (await staff_api.http.post(GENERATE)).status_code == 202


@pytest.mark.usefixtures("switches")
async def test_a_refusal_is_not_kept_with_its_key(staff_api: StaffApi) -> None:
    key = {"Idempotency-Key": "while-it-is-off"}
    await staff_api.http.put(f"{FLAGS}/suggestions", json={"is_on": False})
    assert (await staff_api.http.post(GENERATE, headers=key)).status_code == 503
    await staff_api.http.put(f"{FLAGS}/suggestions", json={"is_on": True})
    assert (await staff_api.http.post(GENERATE, headers=key)).status_code == 202


async def test_without_kv_the_setting_decides_and_nothing_is_switched(staff_api: StaffApi) -> None:
    for method, body in (("PUT", {"is_on": False}), ("DELETE", None)):
        refused = await staff_api.http.request(method, f"{FLAGS}/suggestions", json=body)
        assert refused.status_code == 503
        assert "KV" in refused.json()["detail"]
        assert "FLAGS_OFF" in refused.json()["detail"]
    assert (await staff_api.http.post(GENERATE)).status_code == 202
    settings = staff_api.bindings.settings
    off = settings.model_copy(update={"FLAGS_OFF": frozenset({"suggestions"})})
    staff_api.configure(settings=off, flags=HeldFlags())
    flags = (await staff_api.http.get(FLAGS)).json()["flags"]
    assert {flag["name"]: flag["is_on"] for flag in flags} == {
        "engagement": True,
        "suggestions": False,
    }
    assert (await staff_api.http.post(GENERATE)).status_code == 503


async def test_what_kv_did_not_take_is_said(staff_api: StaffApi) -> None:
    staff_api.configure(switches=Broken(staff_api.jobs.journal, clock=SystemClock()))
    refused = await staff_api.http.put(f"{FLAGS}/suggestions", json={"is_on": False})
    assert refused.status_code == 503
    assert (await staff_api.http.post(GENERATE)).status_code == 202


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("dark-mode", {"is_on": False}, 404),
        ("a%20b", {"is_on": False}, 400),
        ("suggestions", {"is_on": "maybe"}, 422),
        ("suggestions", {"is_on": True, "by": "me"}, 422),
        ("suggestions", {}, 422),
    ],
)
@pytest.mark.usefixtures("switches")
async def test_what_is_not_valid_is_refused(
    staff_api: StaffApi, name: str, body: dict[str, object], status: int
) -> None:
    answer = await staff_api.http.put(f"{FLAGS}/{name}", json=body)
    assert answer.status_code == status, answer.text

"""A publisher's keys and tokens open what is its own, until they end."""

from datetime import timedelta

import pytest

from shared.ports import Database
from shared.publishers.rate_limits import REQUESTS_PER_WINDOW
from tests.fixtures.platform_api import PlatformApi, product, write_products

PROFILE = "/v1/publisher"
OWN = "/v1/publisher/publications"


async def test_a_key_opens_the_profile_of_its_publisher(platform_api: PlatformApi) -> None:
    publisher = await platform_api.publisher()
    server = await platform_api.staff.post(
        f"/api/publishers/{publisher['id']}/ad-servers", json={"name": "Letter"}
    )
    assert server.status_code == 201
    key = (await platform_api.key(publisher["id"]))["key"]
    for headers in ({"Authorization": f"Bearer {key}"}, {"X-Api-Key": key}):
        answer = await platform_api.http.get(PROFILE, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.json()["id"] == publisher["id"]
        assert [s["name"] for s in answer.json()["ad_servers"]] == ["Letter"]
        assert "created_by" not in answer.json()
    both = {"Authorization": f"Bearer {key}", "X-Api-Key": key}
    assert (await platform_api.http.get(PROFILE, headers=both)).status_code == 400


async def test_the_secret_is_shown_once_and_kept_nowhere(
    platform_api: PlatformApi, db: Database
) -> None:
    publisher = await platform_api.publisher()
    key = (await platform_api.key(publisher["id"]))["key"]
    client = await platform_api.client(publisher["id"], "profile:read")
    token = (await platform_api.token(client)).json()["access_token"]
    listed = await platform_api.staff.get(f"/api/publishers/{publisher['id']}/api-keys")
    clients = await platform_api.staff.get(f"/api/publishers/{publisher['id']}/oauth-clients")
    rows = [
        *await db.fetch_all("SELECT * FROM api_key"),
        *await db.fetch_all("SELECT * FROM oauth_client"),
        *await db.fetch_all("SELECT * FROM oauth_token"),
    ]
    assert len(rows) == 3
    everything = listed.text + clients.text + str([dict(row) for row in rows])
    for secret in (key, client["client_secret"], token):
        assert secret.rpartition("_")[2] not in everything
    assert len(listed.json()["items"]) == len(clients.json()["items"]) == 1


async def test_what_is_no_valid_credential_is_refused_alike(platform_api: PlatformApi) -> None:
    publisher = await platform_api.publisher()
    good = await platform_api.key(publisher["id"])
    revoked = await platform_api.key(publisher["id"])
    await platform_api.staff.delete(f"/api/publishers/{publisher['id']}/api-keys/{revoked['id']}")
    page = {"kind": "publishable", "origins": ["https://a.example"]}
    publishable = await platform_api.key(publisher["id"], scopes=[], **page)
    ends = (platform_api.clock.now() + timedelta(minutes=5)).isoformat()
    expired = await platform_api.key(publisher["id"], expires_at=ends)
    assert (await platform_api.get(PROFILE, expired["key"])).status_code == 200
    platform_api.clock.advance(timedelta(minutes=6))
    prefix = good["key"].rpartition("_")[0]
    refused = {
        "leaked prefix": prefix,
        "leaked prefix and a guess": f"{prefix}_{'0' * 64}",
        "revoked": revoked["key"],
        "publishable": publishable["key"],
        "expired": expired["key"],
        "unknown": f"bk_live_{'0' * 32}_{'0' * 64}",
        "no credential": "nonsense",
    }
    details = set()
    for name, credential in refused.items():
        answer = await platform_api.get(PROFILE, credential)
        assert answer.status_code == 401, name
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")
        details.add(answer.json()["detail"])
    assert len(details) == 1
    assert (await platform_api.http.get(PROFILE)).status_code == 401
    assert (await platform_api.get(PROFILE, good["key"])).status_code == 200


async def test_a_suspended_publisher_is_locked_out_at_once(platform_api: PlatformApi) -> None:
    publisher = await platform_api.publisher()
    key = (await platform_api.key(publisher["id"]))["key"]
    content = {"name": "R", "email": "a@b.example", "status": "suspended"}
    await platform_api.staff.put(
        f"/api/publishers/{publisher['id']}", json=content, headers={"If-Match": '"1"'}
    )
    assert (await platform_api.get(PROFILE, key)).status_code == 403


async def test_the_key_of_another_publisher_sees_nothing_of_it(
    platform_api: PlatformApi, db: Database
) -> None:
    await write_products(db, product(1), product(2, status="DRAFT"))
    mine, other = await platform_api.publisher("Mine"), await platform_api.publisher("Other")
    draft = await platform_api.publication(mine["id"], ["prd_1", "prd_2"], status="draft")
    key, foreign = [(await platform_api.key(p["id"]))["key"] for p in (mine, other)]
    own = await platform_api.get(f"{OWN}/{draft['id']}", key)
    assert [item["product_id"] for item in own.json()["items"]] == ["prd_1", "prd_2"]
    assert (await platform_api.get(f"{OWN}/{draft['id']}", foreign)).status_code == 404
    assert (await platform_api.get(OWN, foreign)).json()["items"] == []
    # Staff cannot revoke one publisher's key under the name of another either.
    key_id = (await platform_api.key(mine["id"]))["id"]
    answer = await platform_api.staff.delete(f"/api/publishers/{other['id']}/api-keys/{key_id}")
    assert answer.status_code == 404


async def test_own_publications_are_walked_newest_first(platform_api: PlatformApi) -> None:
    publisher = await platform_api.publisher()
    made = [await platform_api.publication(publisher["id"], [], title=f"P{n}") for n in range(5)]
    key = (await platform_api.key(publisher["id"]))["key"]
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await platform_api.get(f"{OWN}?limit=2{cursor}", key)).json()
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [one["id"] for one in reversed(made)]
    assert (await platform_api.get(f"{OWN}?cursor=eyJhIjoxfQ", key)).status_code == 400


async def test_a_token_opens_what_it_was_asked_for(platform_api: PlatformApi) -> None:
    publisher = await platform_api.publisher()
    client = await platform_api.client(publisher["id"], "profile:read", "publications:read")
    answer = await platform_api.token(client, scope="publications:read")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["scope"] == "publications:read"
    token = answer.json()["access_token"]
    assert (await platform_api.get(OWN, token)).status_code == 200
    missing = await platform_api.get(PROFILE, token)
    assert missing.status_code == 403
    assert 'scope="profile:read"' in missing.headers["www-authenticate"]
    platform_api.clock.advance(timedelta(seconds=answer.json()["expires_in"] - 1))
    assert (await platform_api.get(OWN, token)).status_code == 200
    platform_api.clock.advance(timedelta(seconds=1))
    assert (await platform_api.get(OWN, token)).status_code == 401


async def test_a_revoked_client_takes_its_tokens_with_it(platform_api: PlatformApi) -> None:
    publisher = await platform_api.publisher()
    client = await platform_api.client(publisher["id"], "profile:read")
    token = (await platform_api.token(client)).json()["access_token"]
    assert (await platform_api.get(PROFILE, token)).status_code == 200
    await platform_api.staff.delete(
        f"/api/publishers/{publisher['id']}/oauth-clients/{client['id']}"
    )
    assert (await platform_api.get(PROFILE, token)).status_code == 401
    assert (await platform_api.token(client)).status_code == 401


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"scope": "admin"}, 400, "invalid_scope"),
        ({"scope": "profile:read publications:read"}, 400, "invalid_scope"),
        ({"client_secret": None}, 401, "invalid_client"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "ocl_" + "0" * 32}, 401, "invalid_client"),
        ({"client_id": "a\x00b"}, 401, "invalid_client"),
    ],
)
async def test_a_wrong_token_request_is_told_what_is_wrong(
    platform_api: PlatformApi, change: dict[str, str | None], status: int, error: str
) -> None:
    client = await platform_api.client((await platform_api.publisher())["id"], "profile:read")
    form = {
        "grant_type": "client_credentials",
        "client_id": client["id"],
        "client_secret": client["client_secret"],
    } | change
    form = {name: value for name, value in form.items() if value is not None}
    answer = await platform_api.http.post("/oauth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["error_description"] == answer.json()["detail"]
    as_json = await platform_api.http.post("/oauth/token", json=form)
    assert (as_json.status_code, as_json.json()["error"]) == (415, "invalid_request")


async def test_a_client_may_send_its_secret_as_basic(platform_api: PlatformApi) -> None:
    client = await platform_api.client((await platform_api.publisher())["id"], "profile:read")
    asked = {"grant_type": "client_credentials"}
    basic = (client["id"], client["client_secret"])
    answer = await platform_api.http.post("/oauth/token", data=asked, auth=basic)
    assert answer.status_code == 200, answer.text
    twice = asked | {"client_secret": client["client_secret"]}
    assert (await platform_api.http.post("/oauth/token", data=twice, auth=basic)).status_code == 400


async def test_each_key_has_its_own_requests_of_a_minute(
    platform_api: PlatformApi, db: Database
) -> None:
    publisher = await platform_api.publisher()
    key, other = [await platform_api.key(publisher["id"]) for _ in range(2)]
    first = await platform_api.get(PROFILE, key["key"])
    left = REQUESTS_PER_WINDOW - 1
    assert first.headers["ratelimit-policy"] == f'"key";q={REQUESTS_PER_WINDOW};w=60'
    assert first.headers["ratelimit"] == f'"key";r={left};t=50'
    await db.execute("UPDATE api_usage SET used = $1", REQUESTS_PER_WINDOW - 1)
    missing = await platform_api.get(f"{OWN}/pbl_0", key["key"])
    assert (missing.status_code, missing.headers["ratelimit"]) == (404, '"key";r=0;t=50')
    refused = await platform_api.get(PROFILE, key["key"])
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "50"
    assert refused.headers["ratelimit"] == '"key";r=0;t=50'
    assert "ratelimit-policy" in refused.headers
    assert (await platform_api.get(PROFILE, other["key"])).status_code == 200
    platform_api.clock.advance(timedelta(seconds=50))
    assert (await platform_api.get(PROFILE, key["key"])).status_code == 200


async def test_who_guesses_spends_nothing_of_the_key(
    platform_api: PlatformApi, db: Database
) -> None:
    publisher = await platform_api.publisher()
    key = (await platform_api.key(publisher["id"]))["key"]
    guess = f"{key.rpartition('_')[0]}_{'0' * 64}"
    assert (await platform_api.get(PROFILE, guess)).status_code == 401
    assert await db.fetch_value("SELECT count(*) FROM api_usage") == 0

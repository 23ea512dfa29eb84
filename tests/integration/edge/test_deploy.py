"""A deployment against an account that remembers, and hosts that answer as a test says."""

from pathlib import Path

import httpx
import pytest
from local.edge import deploy as deploying
from local.edge.wrangler import CONFIGURATIONS, ROOT

from shared.errors import Unavailable
from tests.integration.edge.account import ACCOUNT, Account

INGEST = "https://ingest-staging.bluntcases.com/webhooks/shopify"
DASHBOARD = "https://dashboard-api-staging.bluntcases.com/api/health"
PLATFORM = "https://platform-api-staging.bluntcases.com/health"


class Hosts:
    """What the hosts answer: that they are well, unless a test says otherwise."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, list[httpx.Response | httpx.HTTPError]] = {}

    def get(self, url: str, **_options: object) -> httpx.Response:
        self.asked.append(url)
        if not (planned := self.answers.get(url)):
            return httpx.Response(405) if url == INGEST else health("ok")
        answer = planned.pop(0) if len(planned) > 1 else planned[0]
        if isinstance(answer, httpx.HTTPError):
            raise answer
        return answer


def health(status: str) -> httpx.Response:
    return httpx.Response(200, json={"status": status})


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account, and a checkout in which nothing is left to be filled in."""
    for name, value in ACCOUNT.items():
        monkeypatch.setenv(name, value)
    account = Account(tmp_path)
    for name in CONFIGURATIONS:
        text = (ROOT / name).read_text(encoding="utf-8")
        (account.root / name).write_text(text.replace("<", "").replace(">", ""), encoding="utf-8")
    monkeypatch.setattr(deploying, "ROOT", account.root)
    monkeypatch.setattr(deploying, "migrate", lambda url: account.shown.append(f"migrated {url}"))
    monkeypatch.setattr(deploying, "_vendor", lambda _wrangler: None)
    monkeypatch.setattr(deploying, "_PAUSE", 0.0)
    return account


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Hosts:
    hosts = Hosts()
    monkeypatch.setattr(httpx, "get", hosts.get)
    return hosts


def test_each_worker_is_deployed_and_then_asked(account: Account, hosts: Hosts) -> None:
    deploying.deploy("staging", account.wrangler())
    assert account.read()["log"] == [
        ["deploy", "-c", name, "--env", "staging"] for name in CONFIGURATIONS
    ]
    assert hosts.asked == [INGEST, DASHBOARD, PLATFORM]
    assert [line for line in account.shown if "GET" in line] == [
        f"$ GET {url}" for url in hosts.asked
    ]


def test_a_host_is_asked_until_it_answers(account: Account, hosts: Hosts) -> None:
    no_name = httpx.ConnectError("no such host")
    hosts.answers[INGEST] = [
        no_name,
        httpx.Response(530, text="error code: 1016"),
        httpx.Response(404),
    ]
    hosts.answers[PLATFORM] = [httpx.Response(404), health("down"), health("degraded")]
    deploying.deploy("staging", account.wrangler())
    assert hosts.asked == [INGEST] * 3 + [DASHBOARD] + [PLATFORM] * 3


@pytest.mark.parametrize(
    ("url", "answer", "reason"),
    [
        (INGEST, httpx.ConnectError("no such host"), "no such host"),
        (INGEST, httpx.Response(500, text="error code: 1101"), "HTTP 500: error code: 1101"),
        (DASHBOARD, health("down"), "HTTP 200"),
        (PLATFORM, httpx.Response(404), "HTTP 404"),
    ],
)
def test_a_host_that_is_not_well_fails_the_deployment(
    account: Account,
    hosts: Hosts,
    url: str,
    answer: httpx.Response | httpx.HTTPError,
    reason: str,
) -> None:
    hosts.answers[url] = [answer]
    with pytest.raises(Unavailable, match=f"{url}: {reason}"):
        deploying.deploy("staging", account.wrangler())


def test_a_dry_run_names_every_host_and_asks_none(account: Account, hosts: Hosts) -> None:
    deploying.deploy("production", account.wrangler(dry_run=True))
    assert hosts.asked == []
    assert "$ GET https://ingest.bluntcases.com/webhooks/shopify" in account.shown

"""Provisioning against an account that remembers: creates what is missing, touches nothing else."""

import json
from pathlib import Path

import pytest
from local.edge import deploy as deploying
from local.edge.provision import placeholders, provision
from local.edge.wrangler import CONFIGURATIONS, ROOT

from shared.errors import SettingsInvalid, Unavailable
from tests.integration.edge.account import ACCOUNT, Account

CREATED = 2 + 3 + 4 + 1 + 1 + 1 + 3 * 3


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    for name, value in ACCOUNT.items():
        monkeypatch.setenv(name, value)
    return Account(tmp_path)


@pytest.fixture(scope="module")
def provisioned(tmp_path_factory: pytest.TempPathFactory) -> Account:
    """A staging environment made from nothing; not to be changed."""
    account = Account(tmp_path_factory.mktemp("account"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ACCOUNT.items():
            patch.setenv(name, value)
        account.left = provision("staging", account.wrangler(), account.root)
    return account


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_creates_everything_once(account: Account, environment: str) -> None:
    provision(environment, account.wrangler(), account.root)
    assert len(account.changes()) == CREATED
    text = {name: (account.root / name).read_text() for name in CONFIGURATIONS}
    provision(environment, account.wrangler(), account.root)
    assert len(account.changes()) == CREATED
    assert {name: (account.root / name).read_text() for name in CONFIGURATIONS} == text


def test_only_what_is_missing_is_created(account: Account) -> None:
    provision("staging", account.wrangler(), account.root)
    document = account.read()
    document["sink"].remove("sync_telemetry_staging_sink")
    document["log"] = []
    account.file.write_text(json.dumps(document))
    provision("staging", account.wrangler(), account.root)
    assert [change[2:5] for change in account.changes()] == [
        ["sinks", "create", "sync_telemetry_staging_sink"]
    ]


def test_ids_replace_the_placeholders_of_that_environment_only(provisioned: Account) -> None:
    left = provisioned.left
    assert left == ["access audience of dashboard-api", "shop", "team"]
    for name in CONFIGURATIONS:
        assert set(placeholders(provisioned.root / name, "staging")) <= set(left)
        assert placeholders(provisioned.root / name, "production") == placeholders(
            ROOT / name, "production"
        )
    assert "account-1/commerce-lake-staging" in (provisioned.root / CONFIGURATIONS[0]).read_text()


def test_sql_and_schema_are_those_of_the_environment(provisioned: Account) -> None:
    sql = next(c for c in provisioned.changes() if "commerce_telemetry_staging_pipeline" in c)[-1]
    assert sql.startswith("INSERT INTO commerce_telemetry_staging_sink\n")
    assert "FROM commerce_telemetry_staging\n" in sql
    schemas = [c[c.index("--schema-file") + 1] for c in provisioned.changes() if "streams" in c]
    assert [(ROOT / schema).exists() for schema in schemas] == [True] * 3


def test_each_command_is_shown_without_its_secrets(provisioned: Account) -> None:
    shown = "\n".join(provisioned.shown)
    assert "$ wrangler queues create ingest-queue-staging" in shown
    assert "hidden" not in shown
    assert "catalog-secret" not in shown
    for arguments in provisioned.changes():
        assert f"$ wrangler {' '.join(arguments[:3])}" in shown


def test_hyperdrive_never_caches(provisioned: Account) -> None:
    created = next(c for c in provisioned.changes() if c[:2] == ["hyperdrive", "create"])
    assert "--caching-disabled" in created


def test_a_dry_run_runs_and_writes_nothing(account: Account) -> None:
    before = {name: (account.root / name).read_text() for name in CONFIGURATIONS}
    provision("staging", account.wrangler(dry_run=True), account.root)
    assert account.read()["log"] == []
    assert {name: (account.root / name).read_text() for name in CONFIGURATIONS} == before
    assert sum("create" in line or "enable" in line for line in account.shown) >= CREATED - 4


def test_missing_variables_are_all_named(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "CATALOG_TOKEN"):
        monkeypatch.delenv(name)
    with pytest.raises(
        SettingsInvalid, match="DATABASE_URL is required, CATALOG_TOKEN is required"
    ):
        provision("staging", account.wrangler(), account.root)


def test_a_command_that_fails_ends_it_with_its_last_line(account: Account) -> None:
    with pytest.raises(Unavailable, match="wrangler nonsense failed: unknown command"):
        account.wrangler().change("nonsense")


def test_a_deployment_refuses_while_something_is_to_be_filled_in(account: Account) -> None:
    with pytest.raises(SettingsInvalid, match="<shop> is not filled in"):
        deploying.deploy("staging", account.wrangler())
    assert account.read()["log"] == []

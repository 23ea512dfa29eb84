"""Provisioning against an account that remembers: creates what is missing, touches nothing else."""

import json
from pathlib import Path

import pytest
from local.edge import deploy as deploying
from local.edge.provision import placeholders, provision
from local.edge.wrangler import CONFIGURATIONS, ROOT

from shared.errors import SettingsInvalid, Unavailable
from tests.integration.edge.account import ACCOUNT, Account

CREATED = 2 + 3 + 4 + 1 + 1 + 1 + 1 + 3 * 3
DOMAIN = ["r2", "bucket", "domain"]


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


@pytest.mark.parametrize(
    ("environment", "bucket", "host"),
    [
        ("staging", "commerce-assets-staging", "assets-staging.bluntcases.com"),
        ("production", "commerce-assets", "assets.bluntcases.com"),
    ],
)
def test_the_public_bucket_gets_the_host_that_assets_are_addressed_at(
    account: Account, environment: str, bucket: str, host: str
) -> None:
    provision(environment, account.wrangler(), account.root)
    assert [change for change in account.changes() if change[:3] == DOMAIN] == [
        [*DOMAIN, "add", bucket, "--domain", host, "--zone-id", "zone-1", "--force"]
    ]
    assert account.read()["log"].index([*DOMAIN, "list", bucket]) > account.read()["log"].index(
        ["r2", "bucket", "create", bucket]
    )


def test_a_host_that_only_looks_alike_is_another_one(account: Account) -> None:
    document = account.read()
    document["domain"] = ["old-assets-staging.bluntcases.com", "assets-staging.bluntcases.com.au"]
    account.file.write_text(json.dumps(document))
    provision("staging", account.wrangler(), account.root)
    assert account.read()["domain"][-1] == "assets-staging.bluntcases.com"


def test_a_zone_is_required_where_assets_have_a_host(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOUDFLARE_ZONE_ID")
    with pytest.raises(SettingsInvalid, match=r"^CLOUDFLARE_ZONE_ID is required$"):
        provision("staging", account.wrangler(), account.root)
    assert account.read()["log"] == []
    ingest = account.root / "wrangler.ingest.toml"
    ingest.write_text(
        ingest.read_text().replace("https://assets-staging.bluntcases.com", ""), encoding="utf-8"
    )
    provision("staging", account.wrangler(), account.root)
    assert len(account.changes()) == CREATED - 1


def test_a_dry_run_runs_and_writes_nothing(account: Account) -> None:
    before = {name: (account.root / name).read_text() for name in CONFIGURATIONS}
    provision("staging", account.wrangler(dry_run=True), account.root)
    assert account.read()["log"] == []
    assert {name: (account.root / name).read_text() for name in CONFIGURATIONS} == before
    changes = {"create", "add", "enable"}
    assert sum(bool(changes.intersection(line.split())) for line in account.shown) == CREATED


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

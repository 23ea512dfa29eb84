"""What a Wrangler dry run checks, and what it does not: classes, bindings, environments."""

import ast
import json
import re
import shutil
import subprocess
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import stage
from local.cron import Cron
from pydantic import SecretStr

from shared.adapters.redelivery import LETTER_RETRIES
from shared.config import Settings

ROOT = Path(__file__).parents[2]
CONFIGURATIONS = {
    "dashboard_api": "wrangler.dashboard.toml",
    "platform_api": "wrangler.platform.toml",
    "ingest": "wrangler.ingest.toml",
}
ENVIRONMENTS = ("dev", "staging", "production")
DEPLOYED_ONLY = {"MEASUREMENT", "CATALOG_TOKEN"}
"""The container and its catalog: in development `MEASUREMENT_URL` names a process."""
DEVELOPMENT_ONLY = {
    "DROPBOX_URL",
    "SHOPIFY_CLIENT_ID",
    "SHOPIFY_CLIENT_SECRET",
    "SHOPIFY_URL",
    "SHOPIFY_WEBHOOK_SECRET_PREVIOUS",
    "STREAMS_URL",
}
"""Emulators, and secrets that a deployment may have or not."""
WORKERS = sorted(CONFIGURATIONS)
SECRETS = {
    name for name, field in Settings.model_fields.items() if field.annotation == SecretStr | None
}


def configuration(worker: str, environment: str = "dev") -> dict[str, Any]:
    """Return one environment of a Worker, with what it inherits."""
    whole = tomllib.loads((ROOT / CONFIGURATIONS[worker]).read_text(encoding="utf-8"))
    environments = whole.pop("env")
    return whole if environment == "dev" else {**inheritable(whole), **environments[environment]}


def inheritable(whole: dict[str, Any]) -> dict[str, Any]:
    names = ("main", "compatibility_date", "compatibility_flags", "build", "rules", "workers_dev")
    return {name: whole[name] for name in names}


def resources(config: dict[str, Any]) -> set[str]:
    """Return the names of all bindings that are no text."""
    return {name for _, name in bound(config)}


def bound(config: dict[str, Any]) -> set[tuple[str, str]]:
    """Return kind and name of all bindings that are no text."""
    lists = ("hyperdrive", "kv_namespaces", "r2_buckets", "services", "pipelines", "workflows")
    named = [(key, item["binding"]) for key in lists for item in config.get(key, [])]
    datasets = config.get("analytics_engine_datasets", [])
    named += [("analytics_engine_datasets", item["binding"]) for item in datasets]
    producers = config.get("queues", {}).get("producers", [])
    named += [("queues", item["binding"]) for item in producers]
    objects = config.get("durable_objects", {}).get("bindings", [])
    named += [("durable_objects", item["name"]) for item in objects]
    return set(named)


def shape(config: dict[str, Any]) -> dict[str, Any]:
    """Return what two deployed environments have in common: all but names, ids and values."""
    return {
        "parts": sorted(config),
        "bound": bound(config),
        "variables": set(config["vars"]),
        "secrets": set(config["secrets"]["required"]),
        "crons": config.get("triggers"),
        "exports": config.get("exports"),
        "consumers": [sorted(item) for item in config.get("queues", {}).get("consumers", [])],
        "workflows": [(i["class_name"], i["limits"]) for i in config.get("workflows", [])],
        "containers": [
            {key: value for key, value in item.items() if key != "name"}
            for item in config.get("containers", [])
        ],
    }


def texts(config: dict[str, Any]) -> set[str]:
    """Return the names of variables and secrets."""
    return set(config.get("vars", {})) | set(config.get("secrets", {}).get("required", []))


def modules(worker: str) -> list[ast.Module]:
    """Return what a Worker is put together in: its entry, and the wiring beside it."""
    paths = [ROOT / "workers" / worker / name for name in ("entry.py", "wiring.py")]
    return [ast.parse(path.read_text(encoding="utf-8")) for path in paths if path.exists()]


def workflow_names() -> list[str]:
    from ingest.workflows import WORKFLOWS  # noqa: PLC0415 - few tests need the Worker's code

    return list(WORKFLOWS)


def read_in_code(worker: str) -> set[str]:
    """Return what is read of `env`: attributes, and names given as text beside it.

    The bindings of ingest's Workflows are read in a loop, by a rule that is written out here again.
    """
    found = set()
    if worker == "ingest":
        found |= {name.upper().replace("-", "_") for name in workflow_names()}
    for node in (one for module in modules(worker) for one in ast.walk(module)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "env":
                found.add(node.attr)
        elif isinstance(node, ast.Call) and len(node.args) >= 2:
            first, second = node.args[:2]
            is_env = isinstance(first, ast.Name) and first.id == "env"
            if is_env and isinstance(second, ast.Constant):
                found.add(str(second.value))
    return found


def exported(worker: str) -> set[str]:
    """Return the classes of the entry: those written there, and those made of the Workflows.

    That these are what the runtime finds is tested in the runtime (tests/wasm).
    """
    for node in modules(worker)[0].body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            assert isinstance(node.value, ast.List)
            names = [ast.literal_eval(e) for e in node.value.elts if isinstance(e, ast.Constant)]
            made = [e for e in node.value.elts if isinstance(e, ast.Starred)]
            assert [ast.unparse(e) for e in made] == ["*_WORKFLOWS"] * len(made)
            pascal = [name.title().replace("-", "") for name in workflow_names()]
            return {*names, *(pascal if made else ())}
    return set()


def test_wrangler_accepts_each_configuration(tmp_path: Path) -> None:
    wrangler = ROOT / "node_modules" / "wrangler" / "bin" / "wrangler.js"

    def dry_run(worker: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                shutil.which("node") or "node", str(wrangler), "deploy", "--dry-run", "--env", "",
                "-c", CONFIGURATIONS[worker], "--outdir", str(tmp_path / worker),
            ],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    with ThreadPoolExecutor(2) as pool:
        for worker, done in zip(WORKERS, pool.map(dry_run, WORKERS), strict=True):
            assert done.returncode == 0, done.stdout + done.stderr
            assert "--dry-run: exiting now." in done.stdout
            missing = [name for name in resources(configuration(worker)) if name not in done.stdout]
            assert missing == []


def test_wrangler_reads_every_environment() -> None:
    script = """
        import { unstable_readConfig } from "wrangler";
        const read = (config, env) => unstable_readConfig({ config, env });
        for (const [config, env] of JSON.parse(process.argv[1])) {
          const { name } = read(config, env);
          console.log(`read ${name}`);
        }
    """
    pairs = [(file, env) for file in CONFIGURATIONS.values() for env in ENVIRONMENTS[1:]]
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", script, json.dumps(pairs)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"^read ", done.stdout, re.MULTILINE)) == len(pairs), done.stderr


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("worker", WORKERS)
class TestEachEnvironment:
    """What Wrangler does not look at."""

    def test_every_class_named_exists(self, worker: str, environment: str) -> None:
        config = configuration(worker, environment)
        named = {item["class_name"] for item in config.get("workflows", [])}
        named |= {i["class_name"] for i in config.get("durable_objects", {}).get("bindings", [])}
        named |= set(config.get("exports", {}))
        named |= {item["class_name"] for item in config.get("containers", [])}
        assert named | {"Default"} <= exported(worker)
        for service in config.get("services", []):
            assert service["entrypoint"] in exported("ingest")
            assert service["service"] == configuration("ingest", environment)["name"]

    def test_what_is_declared_is_read(self, worker: str, environment: str) -> None:
        config = configuration(worker, environment)
        known = read_in_code(worker) | set(Settings.model_fields)
        assert resources(config) - read_in_code(worker) == set()
        assert texts(config) - known == set()

    def test_what_is_read_is_declared(self, worker: str, environment: str) -> None:
        config = configuration(worker, environment)
        missing = read_in_code(worker) - resources(config) - texts(config)
        assert missing <= ({"MEASUREMENT"} if environment == "dev" else set())

    def test_no_secret_is_a_plain_variable(self, worker: str, environment: str) -> None:
        variables: dict[str, str] = configuration(worker, environment).get("vars", {})
        assert [name for name in variables if name in SECRETS and variables[name]] == []
        if environment != "dev":
            assert SECRETS.isdisjoint(variables)

    def test_queues_are_as_agreed(self, worker: str, environment: str) -> None:
        from ingest.queue import RETRIES  # noqa: PLC0415 - few tests need the Worker's code

        consumers = configuration(worker, environment).get("queues", {}).get("consumers", [])
        for consumer in consumers:
            assert (consumer["max_batch_size"], consumer["max_batch_timeout"]) == (10, 5)
            buries = "dead_letter_queue" in consumer
            # a message of a queue with none behind it is lost after its last retry
            assert consumer["max_retries"] == (RETRIES if buries else LETTER_RETRIES)
        buried = {consumer.get("dead_letter_queue") for consumer in consumers} - {None}
        assert buried == {c["queue"] for c in consumers if "dead_letter_queue" not in c}

    def test_nothing_of_an_environment_is_another_ones(self, worker: str, environment: str) -> None:
        config = configuration(worker, environment)
        suffix = {"dev": "-dev", "staging": "-staging", "production": ""}[environment]
        own = [config["name"], *(i["bucket_name"] for i in config.get("r2_buckets", []))]
        own += [i["queue"] for i in config.get("queues", {}).get("producers", [])]
        own += [i["name"] for i in config.get("workflows", [])]
        others = tuple(s for s in ("-dev", "-staging") if s != suffix)
        assert [n for n in own if not n.endswith(suffix) or n.endswith(others)] == []


@pytest.mark.parametrize("worker", WORKERS)
def test_environments_are_alike(worker: str) -> None:
    dev = configuration(worker)
    staging, production = (configuration(worker, one) for one in ENVIRONMENTS[1:])
    assert shape(staging) == shape(production)
    assert bound(dev) <= bound(staging)
    assert resources(staging) - resources(dev) <= DEPLOYED_ONLY
    assert texts(staging) - texts(dev) <= DEPLOYED_ONLY
    assert texts(dev) - texts(staging) <= DEVELOPMENT_ONLY
    assert dev.get("triggers") == staging.get("triggers")


@pytest.mark.parametrize("worker", WORKERS)
def test_the_build_stages_the_worker_and_reloads(worker: str) -> None:
    config = configuration(worker)
    assert config["main"] == f"build/{worker}/entry.py"
    assert config["build"]["command"] == f"python3 workers/stage.py {worker}"
    assert set(config["build"]["watch_dir"]) == {f"workers/{worker}", "shared"}
    assert config["observability"]["enabled"] is True
    assert config["limits"]["cpu_ms"] > 0


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_crons_are_those_that_the_code_knows(environment: str) -> None:
    from ingest.scheduled import CRONS, SCHEDULE  # noqa: PLC0415 - few tests need the Worker's code

    assert configuration("ingest", environment)["triggers"]["crons"] == [*SCHEDULE]
    assert set(SCHEDULE) <= CRONS.keys()


@pytest.mark.parametrize("path", sorted(ROOT.glob("wrangler*.toml")), ids=lambda path: path.name)
def test_cloudflare_takes_every_cron(path: Path) -> None:
    """It counts the days of the week from 1, Sunday, and refuses a Worker with a 0 there."""
    whole = tomllib.loads(path.read_text(encoding="utf-8"))
    for part in (whole, *whole.get("env", {}).values()):
        for cron in part.get("triggers", {}).get("crons", []):
            assert re.search(r"\b0\b", cron.split()[-1]) is None, cron
            Cron.parse(cron)


@pytest.mark.parametrize("environment", ENVIRONMENTS[1:])
@pytest.mark.parametrize("worker", WORKERS)
def test_each_worker_has_a_whole_host(worker: str, environment: str) -> None:
    """With `custom_domain` Wrangler makes the DNS record too, which a route of a zone lacks."""
    config = configuration(worker, environment)
    (route,) = config["routes"]
    assert route == {"pattern": route["pattern"], "custom_domain": True}
    assert re.fullmatch(r"[a-z-]+(\.[a-z-]+)+", route["pattern"])
    if worker == "ingest":
        assert config["vars"]["INGEST_URL"] == f"https://{route['pattern']}"


def test_every_workflow_is_bound_and_made_by_its_name() -> None:
    for environment in ENVIRONMENTS:
        for item in configuration("ingest", environment)["workflows"]:
            name = item["name"].removesuffix(f"-{environment}")
            assert name in workflow_names()
            assert item["binding"] == name.upper().replace("-", "_")
            assert item["class_name"] == name.title().replace("-", "")
            assert item["limits"]["steps"] >= 1000
        bound = configuration("ingest", environment)["workflows"]
        assert len(bound) == len(workflow_names())


@pytest.mark.parametrize("worker", WORKERS)
def test_an_entry_is_forty_lines_at_most(worker: str) -> None:
    text = (ROOT / "workers" / worker / "entry.py").read_text(encoding="utf-8")
    assert sum(1 for line in text.splitlines() if line.strip()) <= 40


def test_the_stub_of_pywrangler_says_the_same() -> None:
    stub = tomllib.loads((ROOT / "wrangler.toml").read_text(encoding="utf-8"))
    for worker in WORKERS:
        config = configuration(worker)
        for name in ("compatibility_date", "compatibility_flags"):
            assert stub[name] == config[name]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_public_bucket_is_no_other_one(environment: str) -> None:
    named: dict[str, set[str]] = {}
    for worker in WORKERS:
        for item in configuration(worker, environment).get("r2_buckets", []):
            named.setdefault(item["binding"], set()).add(item["bucket_name"])
    assert {"R2_ASSETS", "R2_BUCKET"} <= named.keys()
    assert all(len(buckets) == 1 for buckets in named.values())
    assert len(set.union(*named.values())) == len(named)
    if environment != "dev":
        told = [configuration(w, environment)["vars"].get("ASSET_BASE_URL") for w in WORKERS]
        assert len(set(told) - {None}) == 1


@pytest.mark.parametrize("environment", ENVIRONMENTS[1:])
def test_buckets_are_never_shared(environment: str) -> None:
    config = configuration("ingest", environment)
    private = {item["bucket_name"] for item in config["r2_buckets"]}
    lake = config["vars"]["CATALOG_URI"].rpartition("/")[2]
    assert lake not in private
    assert config["vars"]["CATALOG_WAREHOUSE"].endswith(lake)


@pytest.mark.parametrize("worker", WORKERS)
class TestBundle:
    """What is staged is the Worker, and nothing of the local side."""

    def test_nothing_local_is_staged(self, worker: str) -> None:
        names = [path.as_posix() for path in stage.staged_files(worker)]
        wrong = re.compile(
            r"adapters/(embedded|lake)|(^|/)tests?/|conftest|\.whl$|\.env|\.dev\.vars"
        )
        assert [name for name in names if wrong.search(name)] == []
        others = {other for other in [*CONFIGURATIONS, "local", "measurement"] if other != worker}
        assert [name for name in names if name.split("/")[0] in others] == []

    def test_no_module_asks_for_what_the_edge_lacks(self, worker: str) -> None:
        absent = {"duckdb", "pyarrow", "pyiceberg", "orjson", "uvicorn", "typer", "rich", "jwt",
                  "cryptography", "graphql", "threading", "multiprocessing", "local"}  # fmt: skip
        for source in stage.staged_files(worker).values():
            if source.suffix != ".py":
                continue
            text = source.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(text)):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                    assert "adapters.embedded" not in names[0], source
                    assert "adapters.lake" not in names[0], source
                assert not absent.intersection(name.split(".")[0] for name in names), source
            assert "pbkdf2_hmac" not in text, source

    def test_staging_again_writes_nothing(self, worker: str) -> None:
        folder = stage.stage(worker)
        before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.py")}
        stray = folder / "stray.py"
        stray.write_text("x = 1\n", encoding="utf-8")
        stage.stage(worker)
        assert not stray.exists()
        assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.py")} == before

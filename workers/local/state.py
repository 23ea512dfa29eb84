"""The directory that keeps everything of a local platform, and the lock that one process has."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.errors import SettingsInvalid

DEFAULT: Final = Path(".local/state")


def default_for(orders_csv: Path | None) -> Path:
    """Return the usual directory, or the one of an orders export: its own store."""
    if orders_csv is None:
        return DEFAULT
    return DEFAULT.with_name(f"state-{re.sub(r'[^A-Za-z0-9]+', '-', orders_csv.stem)}")


class StateInUse(SettingsInvalid):
    """Another process uses this state directory."""


@dataclass(frozen=True, slots=True)
class State:
    """Where each part keeps its own."""

    directory: Path

    @property
    def postgres(self) -> Path:
        """Return the directory of the embedded PostgreSQL."""
        return self.directory / "postgres"

    @property
    def journal(self) -> Path:
        """Return the journal: queue, Workflows, watermarks, accepted events."""
        return self.directory / "journal.sqlite"

    @property
    def objects(self) -> Path:
        """Return the directory that stands for the private bucket."""
        return self.directory / "objects"

    @property
    def assets(self) -> Path:
        """Return the directory that stands for the public bucket."""
        return self.directory / "assets"

    @property
    def dropbox(self) -> Path:
        """Return the directory whose files the Dropbox emulator shares."""
        return self.directory / "dropbox"

    @property
    def lake(self) -> Path:
        """Return the directory of the Iceberg catalog and its tables."""
        return self.directory / "lake"

    @property
    def access(self) -> Path:
        """Return the directory of the Access emulator's key."""
        return self.directory / "access"

    @property
    def staging(self) -> Path:
        """Return the directory for what the measurement engine writes in passing."""
        return self.directory / "staging"

    @property
    def orders_csv(self) -> Path:
        """Return the copy of the export that the store was made of, if it was."""
        return self.directory / "orders.csv"

    @property
    def addresses(self) -> Path:
        """Return the file that says where the parts of the running platform are."""
        return self.directory / "addresses.json"

    @property
    def log(self) -> Path:
        """Return the log file of a platform that has the terminal for other things."""
        return self.directory / "platform.log"

    def secret(self, name: str) -> str:
        """Return a secret of this state, made when it is first asked for."""
        path = self.directory / "secrets.json"
        kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        if name not in kept:
            kept[name] = secrets.token_hex(32)
            path.touch(mode=0o600)
            path.write_text(json.dumps(kept))
        return kept[name]

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory for this process alone; it is made if absent.

        Raises:
            StateInUse: Another process holds it.
            SettingsInvalid: It cannot be written.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            file = (self.directory / "lock").open("a+")
        except OSError as error:
            reason = f"the state directory {self.directory} cannot be used: {error.strerror}"
            raise SettingsInvalid(reason) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise StateInUse(
                    f"{self.directory} is in use by process {holder}; "
                    "stop it, or give another directory with --state"
                ) from error
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

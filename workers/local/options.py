"""What a command was asked to run, checked before anything starts."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from local.shopify.csv_rows import read_rows
from local.state import State
from shared.clock import format_instant, parse_instant
from shared.errors import SettingsInvalid
from shared.ports import JsonObject

PORT: Final = 8787
ASSETS_PORT: Final = 8789
"""Where the public bucket is served, if it is free."""
ORDERS: Final = 2_000
SEED: Final = 1


@dataclass(frozen=True, slots=True)
class StoreChoice:
    """Which emulated store: generated to a size, or imported; `anchor` is where its past ends."""

    orders: int
    seed: int
    orders_csv: str | None
    anchor: datetime

    def document(self) -> JsonObject:
        """Return it as a state directory keeps it."""
        return {
            "orders": self.orders,
            "seed": self.seed,
            "orders_csv": self.orders_csv,
            "anchor": format_instant(self.anchor),
        }


@dataclass(frozen=True, slots=True)
class Options:
    """A platform to run. What is None was not asked for: a state that has a store keeps its own."""

    state: State
    orders: int | None = None
    seed: int | None = None
    orders_csv: Path | None = None
    port: int | None = None
    database_url: str | None = None
    public_port: int | None = None
    ingest_port: int | None = None
    shop_url: str | None = None
    """An emulated shop that runs in a process of its own; else the platform runs one."""
    crons: bool = True
    """Whether the schedule is kept while the platform serves."""

    @classmethod
    def of(
        cls,
        directory: Path,
        *,
        orders: int | None = None,
        seed: int | None = None,
        orders_csv: Path | None = None,
        port: int | None = None,
        public_port: int | None = None,
        ingest_port: int | None = None,
        shop_url: str | None = None,
        crons: bool = True,
    ) -> Self:
        """Return the options of a command line; `DATABASE_URL` names a PostgreSQL to use.

        Raises:
            SettingsInvalid: Two of them contradict each other.
        """
        if orders_csv is not None and (orders is not None or seed is not None):
            raise SettingsInvalid("--orders-csv brings its own orders: leave out --orders, --seed")
        return cls(
            state=State(directory.absolute()),
            orders=orders,
            seed=seed,
            orders_csv=orders_csv.absolute() if orders_csv else None,
            port=port,
            database_url=os.environ.get("DATABASE_URL") or None,
            public_port=public_port,
            ingest_port=ingest_port,
            shop_url=shop_url.rstrip("/") if shop_url else None,
            crons=crons,
        )

    def store(self, now: datetime) -> StoreChoice:
        """Return the store of the state directory, chosen now if it has none yet.

        Raises:
            SettingsInvalid: Another store was asked for than the state has.
            OrdersCsvInvalid: The file cannot be read; nothing is kept of it.
        """
        path = self.state.directory / "store.json"
        if path.exists():
            return self._kept(json.loads(path.read_text()))
        if self.orders_csv is not None:
            read_rows(self.orders_csv)
            shutil.copyfile(self.orders_csv, self.state.orders_csv)
        choice = StoreChoice(
            orders=self.orders or ORDERS,
            seed=SEED if self.seed is None else self.seed,
            orders_csv=str(self.orders_csv) if self.orders_csv else None,
            anchor=now.replace(microsecond=0),
        )
        path.write_text(json.dumps(choice.document()))
        return choice

    def _kept(self, kept: JsonObject) -> StoreChoice:
        asked: JsonObject = {"orders": self.orders, "seed": self.seed}
        for name, value in asked.items():
            if value is not None and (value != kept[name] or kept["orders_csv"]):
                raise self._other_store(kept)
        if self.orders_csv is not None and not self._has_file(kept, self.orders_csv):
            raise self._other_store(kept)
        return StoreChoice(**{**kept, "anchor": parse_instant(kept["anchor"])})

    def _has_file(self, kept: JsonObject, path: Path) -> bool:
        return bool(kept["orders_csv"]) and filecmp.cmp(path, self.state.orders_csv, shallow=False)

    def _other_store(self, kept: JsonObject) -> SettingsInvalid:
        orders = kept["orders_csv"] or f"{kept['orders']} orders of seed {kept['seed']}"
        return SettingsInvalid(
            f"{self.state.directory} has the store made of {orders}; "
            "for another one give another directory with --state"
        )

"""Counters on Analytics Engine: written through the binding, read through its SQL API."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from pydantic_core import to_json
from pyodide.ffi import JsException

from shared.adapters.cloudflare.javascript import function, unwrapped
from shared.config import Settings
from shared.errors import InvalidInput, SettingsInvalid, Unavailable
from shared.ports import CounterPoint

API: Final = "https://api.cloudflare.com/client/v4/accounts/{account}/analytics_engine/sql"
DOUBLES: Final = 20
_INDEX: Final = re.compile(r"[A-Za-z0-9_.:-]{1,96}\Z")
_COLUMNS: Final = ", ".join(
    f"SUM(_sample_interval * double{n}) AS double{n}" for n in range(1, DOUBLES + 1)
)
_LOG: Final = logging.getLogger(__name__)


class AnalyticsCounters:
    """One dataset.

    Args:
        dataset: The binding.
        http: Opens a client for the SQL API.
        name: The dataset's name, for queries.
        settings: Name the account and a token that may read analytics; `totals` needs them.
        api: Address of the SQL API.
    """

    def __init__(
        self,
        dataset: Any,
        http: Callable[[], httpx.AsyncClient],
        *,
        name: str,
        settings: Settings,
        api: str = API,
    ) -> None:
        self._dataset = dataset
        self._http = http
        self._name = name
        self._api = api
        self._account = settings.CF_ACCOUNT_ID
        self._token = settings.ANALYTICS_TOKEN

    def write(self, points: Sequence[CounterPoint], /) -> None:
        """Record the points; never fails the caller."""
        written = [
            {"indexes": [point.index], "blobs": point.blobs, "doubles": point.doubles}
            for point in points
        ]
        try:
            function("callForEach")(
                unwrapped(self._dataset), "writeDataPoint", to_json(written).decode()
            )
        except JsException as error:
            _LOG.warning("counters not written", extra={"error": str(error)})

    async def totals(self, index: str, /, *, since: datetime) -> Mapping[str, Sequence[float]]:
        """Return the summed doubles of an index by its first blob."""
        if not _INDEX.match(index):
            raise InvalidInput(f"{index!r} is no index: {_INDEX.pattern}")
        start = since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        rows = await self._ask(
            f"SELECT blob1, {_COLUMNS} FROM {self._name}"
            f" WHERE index1 = '{index}' AND timestamp >= toDateTime('{start}') GROUP BY blob1"
        )
        return {
            row["blob1"]: tuple(float(row[f"double{n}"]) for n in range(1, DOUBLES + 1))
            for row in rows
        }

    async def _ask(self, query: str) -> list[dict[str, Any]]:
        if self._account is None or (token := self._token) is None:
            raise SettingsInvalid("CF_ACCOUNT_ID and ANALYTICS_TOKEN are required")
        try:
            async with self._http() as http:
                response = await http.post(
                    self._api.format(account=self._account),
                    content=query,
                    headers={"Authorization": f"Bearer {token.get_secret_value()}"},
                )
            rows: list[dict[str, Any]] = response.raise_for_status().json()["data"]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise Unavailable("Analytics Engine does not answer now") from error
        return rows

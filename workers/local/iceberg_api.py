"""The local Iceberg REST catalog: what R2 Data Catalog is in production, over a directory.

It answers as that one does as far as its documents say: a prefix from `/v1/config`, a bearer token
(401 and 403 in plain text), no server-side planning, no ETags, 409 for a requirement that does not
hold and for properties that would move a table's files, 400 ConcurrentUpdateError and 429 when a
test asks for them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel
from pyiceberg.catalog.rest import CreateTableRequest
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import CommitTableRequest
from pyiceberg.table.update import AssertCreate, RemovePropertiesUpdate, SetPropertiesUpdate
from pyiceberg.typedef import Identifier
from starlette.responses import JSONResponse, Response

from local.iceberg_faults import Faults, Limits
from local.iceberg_store import CatalogStore
from shared.ports import JsonObject

NAMESPACE_DEPTH: Final = 5
NAMESPACE_SEPARATOR: Final = "\x1f"
# R2 removes old metadata files itself; here every commit's client does, and must be told to.
_DEFAULTS: Final = {
    "table-default.write.metadata.delete-after-commit.enabled": "true",
    "table-default.write.metadata.previous-versions-max": "20",
}
_FIXED_PROPERTIES: Final = ("write.data.path", "write.metadata.")


class PropertyRefused(CommitFailedException):
    """The catalog owns where a table's files are."""


class _Rename(BaseModel):
    class Name(BaseModel):
        namespace: list[str]
        name: str

    source: Name
    destination: Name


class _Namespace(BaseModel):
    namespace: tuple[str, ...]
    properties: dict[str, str] = {}


class _Properties(BaseModel):
    removals: set[str] = set()
    updates: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read: what the routes answer to."""

    namespace: Identifier
    table: str
    query: Mapping[str, str]
    body: bytes

    @property
    def identifier(self) -> Identifier:
        """Return the full name of the table that is asked for."""
        return (*self.namespace, self.table)


@dataclass(frozen=True, slots=True)
class CatalogApi:
    """The routes' answers; each method is one operation of the Iceberg REST specification."""

    store: CatalogStore
    warehouse: str
    token: str
    faults: Faults = field(default_factory=Faults)
    limits: Limits = field(default_factory=Limits)

    @property
    def prefix(self) -> str:
        """Return what stands between `/v1/` and the path of every route but config."""
        return hashlib.sha256(self.warehouse.encode()).hexdigest()[:16]

    def config(self, call: Call) -> Response:
        """Tell the client the prefix and which operations there are."""
        if call.query.get("warehouse") != self.warehouse:
            return error_answer(404, "NotFoundException", "there is no such warehouse")
        endpoints = [
            f"{r.method} /v1/{{prefix}}/{r.path}" for r in OPERATIONS if r.path != "config"
        ]
        endpoints += [f"HEAD /v1/{{prefix}}/{path}" for path in (_NAMESPACE, _TABLE)]
        overrides = {"prefix": self.prefix}
        return _json({"defaults": _DEFAULTS, "overrides": overrides, "endpoints": endpoints})

    def list_namespaces(self, call: Call) -> Response:
        """List the namespaces below one, or at the top."""
        parent = tuple(filter(None, call.query.get("parent", "").split(NAMESPACE_SEPARATOR)))
        return _json({"namespaces": sorted(self.store.list_namespaces(parent))})

    def create_namespace(self, call: Call) -> Response:
        """Create a namespace."""
        wanted = _Namespace.model_validate_json(call.body)
        if any(not part or "." in part for part in wanted.namespace):
            raise ValueError("a namespace has a name without a period")
        if not 0 < len(wanted.namespace) <= NAMESPACE_DEPTH:
            raise ValueError(f"a namespace has 1 to {NAMESPACE_DEPTH} levels")
        self.store.create_namespace(wanted.namespace, wanted.properties)
        return _json({"namespace": wanted.namespace, "properties": wanted.properties})

    def load_namespace(self, call: Call) -> Response:
        """Return a namespace's properties."""
        properties = self.store.load_namespace_properties(call.namespace)
        return _json({"namespace": call.namespace, "properties": properties})

    def update_namespace(self, call: Call) -> Response:
        """Set and remove properties of a namespace."""
        change = _Properties.model_validate_json(call.body)
        done = self.store.update_namespace_properties(
            call.namespace, change.removals, change.updates
        )
        return _json({"removed": done.removed, "updated": done.updated, "missing": done.missing})

    def drop_namespace(self, call: Call) -> Response:
        """Remove an empty namespace."""
        self.store.drop_namespace(call.namespace)
        return Response(status_code=204)

    def list_tables(self, call: Call) -> Response:
        """List the tables of a namespace."""
        found = self.store.list_tables(call.namespace)
        names = [{"namespace": name[:-1], "name": name[-1]} for name in sorted(found)]
        return _json({"identifiers": names})

    def create_table(self, call: Call) -> Response:
        """Create a table, or only say how it would start (`stage-create`)."""
        request = CreateTableRequest.model_validate(
            {"location": None, "partition-spec": None, "write-order": None} | _document(call.body)
        )
        metadata = self.store.staged(call.namespace, request)
        if request.stage_create:
            return _json({"metadata": json.loads(metadata.model_dump_json()), "config": {}})
        self.store.add((*call.namespace, request.name), metadata)
        return self._loaded((*call.namespace, request.name))

    def load_table(self, call: Call) -> Response:
        """Return a table's whole metadata, always with every snapshot."""
        return self._loaded(call.identifier)

    def update_table(self, call: Call) -> Response:
        """Commit to one table."""
        name = {"namespace": call.namespace, "name": call.table}
        change = _change(_document(call.body) | {"identifier": name})
        (done,) = self.store.commit([change])
        return Response(done.model_dump_json(), media_type="application/json")

    def commit_transaction(self, call: Call) -> Response:
        """Commit to several tables at once."""
        changes = [_change(change) for change in _document(call.body)["table-changes"]]
        if len({str(change.identifier) for change in changes}) < len(changes):
            raise ValueError("a table stands twice in one transaction")
        self.store.commit(changes)
        return Response(status_code=204)

    def drop_table(self, call: Call) -> Response:
        """Forget a table; with `purgeRequested=true` remove its files too."""
        if call.query.get("purgeRequested", "").lower() == "true":
            self.store.purge_table(call.identifier)
        else:
            self.store.drop_table(call.identifier)
        return Response(status_code=204)

    def rename_table(self, call: Call) -> Response:
        """Give a table another name."""
        names = _Rename.model_validate_json(call.body)
        self.store.rename_table(
            (*names.source.namespace, names.source.name),
            (*names.destination.namespace, names.destination.name),
        )
        return Response(status_code=204)

    def _loaded(self, identifier: Identifier) -> Response:
        location, metadata = self.store.metadata_text(identifier)
        text = f'{{"metadata-location":{json.dumps(location)},"metadata":{metadata},"config":{{}}}}'
        return Response(text, media_type="application/json")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the REST specification: where it is, and the method that answers."""

    method: str
    path: str
    answer: Callable[[CatalogApi, Call], Response]

    @property
    def is_write(self) -> bool:
        """Return whether it counts against the limits."""
        return self.method != "GET"


_NAMESPACE: Final = "namespaces/{namespace}"
_TABLE: Final = "namespaces/{namespace}/tables/{table}"
OPERATIONS: Final = (
    Operation("GET", "config", CatalogApi.config),
    Operation("GET", "namespaces", CatalogApi.list_namespaces),
    Operation("POST", "namespaces", CatalogApi.create_namespace),
    Operation("GET", _NAMESPACE, CatalogApi.load_namespace),
    Operation("DELETE", _NAMESPACE, CatalogApi.drop_namespace),
    Operation("POST", f"{_NAMESPACE}/properties", CatalogApi.update_namespace),
    Operation("GET", f"{_NAMESPACE}/tables", CatalogApi.list_tables),
    Operation("POST", f"{_NAMESPACE}/tables", CatalogApi.create_table),
    Operation("GET", _TABLE, CatalogApi.load_table),
    Operation("POST", _TABLE, CatalogApi.update_table),
    Operation("DELETE", _TABLE, CatalogApi.drop_table),
    Operation("POST", "tables/rename", CatalogApi.rename_table),
    Operation("POST", "transactions/commit", CatalogApi.commit_transaction),
)


def _document(body: bytes) -> JsonObject:
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("the body is no JSON object")  # noqa: TRY004 - the sender erred
    return document


def _change(document: JsonObject) -> CommitTableRequest:
    change = CommitTableRequest.model_validate(document)
    if any(isinstance(need, AssertCreate) for need in change.requirements):
        return change
    for update in change.updates:
        names: list[str] = []
        if isinstance(update, SetPropertiesUpdate):
            names = list(update.updates)
        elif isinstance(update, RemovePropertiesUpdate):
            names = update.removals
        if refused := [name for name in names if name.startswith(_FIXED_PROPERTIES)]:
            raise PropertyRefused(f"{refused[0]} cannot be changed")
    return change


def _json(document: Mapping[str, object]) -> Response:
    return JSONResponse(document)


def error_answer(
    status: int, kind: str, message: str, *, retry_after: int | None = None
) -> Response:
    """Return an error as the Iceberg REST specification writes it."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    document = {"error": {"message": message, "type": kind, "code": status}}
    return JSONResponse(document, status, headers)

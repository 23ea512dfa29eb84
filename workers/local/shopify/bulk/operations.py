"""Bulk operations: started by a mutation, run in the background, read back by id and by URL."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from graphql import GraphQLSchema, OperationDefinitionNode

from local.shopify.bulk.jsonl import RowWriter
from local.shopify.bulk.rules import BulkQueryRefused, compile_bulk
from local.shopify.bulk.trouble import Trouble
from local.shopify.faults import Fault, Faults
from local.shopify.options import EmulatorOptions
from local.shopify.queries.compile import AccessDenied, Compiler, NotEmulated
from local.shopify.store import Store
from shared.ports import JsonObject

_LOG = logging.getLogger(__name__)
MAXIMUM_RUNNING = 5
LIFE_SECONDS = 7 * 86_400
_ACTIVE = frozenset({"CREATED", "RUNNING", "CANCELING"})
_FIRST_ID = 720_918_000_000
_ROOTS_PER_TURN = 20


@dataclass(slots=True)
class BulkOperation:
    """One bulk operation as the API shows it."""

    id: int
    query: str
    created_at: int
    group_objects: bool
    address: str
    status: str = "CREATED"
    error_code: str | None = None
    completed_at: int | None = None
    object_count: int = 0
    root_object_count: int = 0
    file_size: int | None = None
    url: str | None = None
    partial_data_url: str | None = None
    is_url_expired: bool = False
    canceled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def gid(self) -> str:
        """Return the operation's gid."""
        return f"gid://shopify/BulkOperation/{self.id}"

    @property
    def is_active(self) -> bool:
        """Whether it still counts against the limit of running operations."""
        return self.status in _ACTIVE


class BulkOperations:
    """All bulk operations of the app, oldest first."""

    def __init__(
        self,
        store: Store,
        options: EmulatorOptions,
        faults: Faults,
        *,
        directory: Path,
        schema: GraphQLSchema | None,
        on_finish: Callable[[BulkOperation], None],
    ) -> None:
        self._store, self._options, self._faults = store, options, faults
        self._directory, self._schema, self._on_finish = directory, schema, on_finish
        self._all: dict[int, BulkOperation] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def find(self, operation_id: int) -> BulkOperation | None:
        """Return an operation, or None."""
        return self._all.get(operation_id)

    def all(self) -> Iterable[BulkOperation]:
        """Return every operation, oldest first."""
        return list(self._all.values())

    def path(self, operation: BulkOperation) -> Path:
        """Return where the operation's result lies."""
        return self._directory / f"bulk-{operation.id}.jsonl"

    def run(self, query: str, root: object, address: str, *, group_objects: bool) -> JsonObject:
        """Start an operation and return the payload of the mutation."""
        active = [one.gid for one in self._all.values() if one.is_active]
        if len(active) >= MAXIMUM_RUNNING:
            text = "A bulk query operation for this app and shop is already in progress: "
            return _refused(text + ", ".join(active) + ".", "OPERATION_IN_PROGRESS", None)
        try:
            compiler, selected = compile_bulk(query, self._store, self._schema)
            compiler.root = root
            compiler.projection("QueryRoot", [selected.selection_set])
            compiler.scopes = frozenset(self._options.scopes)
        except (BulkQueryRefused, NotEmulated) as error:
            return _refused(str(error), "INVALID", ["query"])
        operation = BulkOperation(
            id=_FIRST_ID + len(self._all) * 1024,
            query=query,
            created_at=self._store.now(),
            group_objects=group_objects,
            address=address,
        )
        self._all[operation.id] = operation
        task = asyncio.get_running_loop().create_task(self._work(operation, compiler, selected))
        self._tasks[operation.id] = task
        return {"bulkOperation": operation, "userErrors": []}

    def cancel(self, operation: BulkOperation | None) -> JsonObject:
        """Cancel an operation and return the payload of the mutation."""
        if operation is None:
            return _refused("Bulk operation does not exist", None, ["id"])
        if not operation.is_active:
            text = f"A bulk operation cannot be canceled when it is {operation.status.lower()}"
            return {**_refused(text, None, None), "bulkOperation": operation}
        operation.status = "CANCELING"
        operation.canceled.set()
        return {"bulkOperation": operation, "userErrors": []}

    async def close(self) -> None:
        """Stop everything that still runs."""
        for task in self._tasks.values():
            task.cancel()
        for task in self._tasks.values():
            with suppress(asyncio.CancelledError):
                await task

    def signature(self, operation: BulkOperation) -> str:
        """Return the signature that the result's URL carries."""
        key = self._options.client_secret.encode()
        return hmac.new(key, operation.gid.encode(), hashlib.sha256).hexdigest()

    async def _work(
        self, operation: BulkOperation, compiler: Compiler, selected: OperationDefinitionNode
    ) -> None:
        try:
            await self._render(operation, compiler, selected)
        except AccessDenied:
            self._fail(operation, "ACCESS_DENIED")
        except Exception:  # noqa: BLE001 - whatever breaks, the operation ends as Shopify ends it
            _LOG.exception("bulk operation failed", extra={"operation": operation.gid})
            self._fail(operation, "INTERNAL_SERVER_ERROR")
        self._on_finish(operation)

    def _fail(self, operation: BulkOperation, code: str) -> None:
        operation.status, operation.error_code = "FAILED", code
        operation.completed_at = self._store.now()

    async def _render(
        self, operation: BulkOperation, compiler: Compiler, selected: OperationDefinitionNode
    ) -> None:
        trouble = Trouble.draw(self._faults)
        await asyncio.sleep(self._options.bulk_created_seconds)
        if operation.status == "CREATED":
            operation.status = "RUNNING"
        await asyncio.sleep(self._options.bulk_running_seconds)
        if trouble.has(Fault.BULK_NEVER_ENDS):
            await operation.canceled.wait()
        if trouble.has(Fault.BULK_DELAYED):
            await asyncio.sleep(self._options.bulk_delayed_seconds)
        writer = RowWriter(
            group_objects=operation.group_objects, seed=operation.id, change=trouble.change
        )
        await self._write(operation, writer, compiler, selected)
        self._finish(operation, writer, trouble)

    async def _write(
        self,
        operation: BulkOperation,
        writer: RowWriter,
        compiler: Compiler,
        selected: OperationDefinitionNode,
    ) -> None:
        rows = writer.rows(compiler, selected)
        with self.path(operation).open("wb") as file:
            while operation.status != "CANCELING":
                turn = list(islice(rows, _ROOTS_PER_TURN))
                if not turn:
                    return
                file.writelines(line + b"\n" for line in chain.from_iterable(turn))
                operation.object_count = writer.counts.objects
                operation.root_object_count = writer.counts.roots
                await asyncio.sleep(0)

    def _finish(self, operation: BulkOperation, writer: RowWriter, trouble: Trouble) -> None:
        path = self.path(operation)
        operation.completed_at = self._store.now()
        operation.object_count = writer.counts.objects
        operation.root_object_count = writer.counts.roots
        outcome = "CANCELED" if operation.status == "CANCELING" else trouble.outcome()
        operation.status = outcome
        link = f"{operation.address}/bulk-results/{operation.id}.jsonl"
        link += f"?X-Goog-Expires={LIFE_SECONDS}&X-Goog-Signature={self.signature(operation)}"
        if outcome != "COMPLETED":
            operation.error_code = trouble.error_code()
            if trouble.has(Fault.BULK_FAILED_WITH_PARTIAL):
                operation.partial_data_url = link
            return
        operation.file_size = trouble.damage(path)
        operation.object_count += trouble.has(Fault.WRONG_OBJECT_COUNT)
        operation.root_object_count += trouble.has(Fault.WRONG_ROOT_COUNT)
        operation.is_url_expired = trouble.has(Fault.URL_EXPIRED)
        operation.url = link if writer.counts.objects else None


def _refused(message: str, code: str | None, field: list[str] | None) -> JsonObject:
    error: JsonObject = {"field": field, "message": message, "code": code}
    return {"bulkOperation": None, "userErrors": [error]}

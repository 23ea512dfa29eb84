"""The other end of the asyncpg seam: real connections, driven by Pyodide over HTTP."""

import itertools
import pickle
import socket
import threading
from types import TracebackType
from typing import Any, Self

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FIELDS = ("sqlstate", "table_name", "constraint_name")


class Loopback:
    """An application on a free loopback port, in a thread, until it is left."""

    def __init__(self, app: Starlette) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()


class Bridge(Loopback):
    """Serves connections; while `is_down`, each of them is dropped.

    Where `cut_after` is set, the first statement that begins with it is the last that its
    connection carries out: then it is gone, as when Hyperdrive or the server go away.
    """

    def __init__(self) -> None:
        self._connections: dict[int, asyncpg.Connection[Any]] = {}
        self._ids = itertools.count(1)
        self.is_down = False
        self.cut_after = ""
        super().__init__(Starlette(routes=[Route("/", self._serve, methods=["POST"])]))

    def open_connections(self) -> int:
        """Return how many connections Pyodide has opened and not closed."""
        return sum(not connection.is_closed() for connection in self._connections.values())

    async def _serve(self, request: Request) -> Response:
        identifier, method, args = pickle.loads(await request.body())  # noqa: S301 - our own
        try:
            if self.is_down and method != "close":
                raise ConnectionResetError("the connection was dropped")  # noqa: TRY301 - as a server's
            result = await self._call(identifier, method, args)
            answer: dict[str, Any] = {"result": result}
            if method == "connect":
                identifier = result
        except Exception as error:  # noqa: BLE001 - all of them travel back
            fields = {name: getattr(error, name, None) for name in _FIELDS}
            answer = {"error": (type(error).__name__, str(error), fields)}
        connection = self._connections.get(identifier)
        if connection is None or connection.is_closed():
            answer |= {"closed": True, "in_transaction": False}
        else:
            answer |= {"closed": False, "in_transaction": connection.is_in_transaction()}
        return Response(pickle.dumps(answer, protocol=4))

    async def _call(self, identifier: int, method: str, args: tuple[Any, ...]) -> Any:
        if method == "connect":
            identifier = next(self._ids)
            self._connections[identifier] = await asyncpg.connect(**args[0])
            return identifier
        connection = self._connections[identifier]
        if method == "set_type_codec":
            return await connection.set_type_codec(args[0], **args[1])
        if method == "close":
            return await connection.close(timeout=args[0])
        result = await getattr(connection, method)(*args)
        if self.cut_after and str(args[0]).startswith(self.cut_after):
            self.cut_after = ""
            connection.terminate()
        return [dict(row) for row in result] if method == "fetch" else result

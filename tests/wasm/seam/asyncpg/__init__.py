"""asyncpg's place in Pyodide, where its wheel cannot be had from PyPI.

Only the wire protocol is stood in for: a connection here is a real asyncpg connection in the test
process, reached over HTTP. The exceptions beside this file are asyncpg's own.
"""

import pickle

import js
from pyodide.ffi import to_js

from . import exceptions
from .exceptions import *

__version__ = "seam"
_BRIDGE = "@BRIDGE@"


async def connect(**options):
    """Open a connection with the very options that the adapter chose."""
    connection = Connection(None)
    connection._id = await connection._ask("connect", options)
    return connection


class Connection:
    """A connection in the test process."""

    def __class_getitem__(cls, _record):
        return cls

    def __init__(self, identifier):
        self._id = identifier
        self._closed = False
        self._in_transaction = False

    async def fetch(self, query, *args):
        return await self._ask("fetch", query, *args)

    async def execute(self, query, *args):
        return await self._ask("execute", query, *args)

    async def set_type_codec(self, typename, **options):
        return await self._ask("set_type_codec", typename, options)

    async def close(self, *, timeout=None):
        await self._ask("close", timeout)

    def is_closed(self):
        return self._closed

    def is_in_transaction(self):
        return self._in_transaction

    async def _ask(self, method, *args):
        try:
            body = pickle.dumps((self._id, method, args), protocol=4)
        except UnicodeEncodeError as error:
            raise exceptions.DataError(str(error)) from error
        options = js.Object.fromEntries(to_js([["method", "POST"], ["body", to_js(body)]]))
        response = await js.fetch(_BRIDGE, options)
        answer = pickle.loads((await response.arrayBuffer()).to_bytes())
        self._closed, self._in_transaction = answer["closed"], answer["in_transaction"]
        if "error" not in answer:
            return answer["result"]
        name, text, fields = answer["error"]
        kind = getattr(exceptions, name, None) or getattr(__builtins__, name, None) or OSError
        error = kind(text)
        for field, value in fields.items():
            setattr(error, field, value)
        raise error

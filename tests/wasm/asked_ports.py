"""Runs inside Pyodide: asks a port of ingest as `entry.py` wires it, in JSON and out."""

import dataclasses
import json
from datetime import datetime

import entry
from workers.rpc import _EnvWrapper


async def run(env, argument):
    """Call `port.method(*args, **options)`."""
    path, args, options = json.loads(argument)
    port, method = path.split(".")
    bindings = entry.bindings_of(_EnvWrapper(env))
    result = await getattr(getattr(bindings, port), method)(*args, **options)
    return json.dumps(result, default=_plain)


def _plain(value):
    if dataclasses.is_dataclass(value):
        return dataclasses.asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode()
    return dict(value)

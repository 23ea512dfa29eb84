"""Runs inside Pyodide: writes what KV says of `engagement`, and lets the isolate ask again."""

import gc
import json

from workers.rpc import _EnvWrapper

from shared.adapters.cloudflare.cache import KvCache
from shared.flags import HeldFlags


async def run(env, argument):
    """Keep the value; null is as if nobody had ever switched it."""
    await KvCache(_EnvWrapper(env).KV).keep("flag:engagement", json.loads(argument))
    for held in gc.get_objects():
        if isinstance(held, HeldFlags):
            held._held.clear()
    return json.dumps(None)

"""Runs inside Pyodide: the counters of platform-api, with the SQL API at another address."""

import json
from datetime import datetime

from workers.rpc import _EnvWrapper

from shared.adapters.cloudflare.counters import AnalyticsCounters
from shared.adapters.cloudflare.http import outside
from shared.adapters.cloudflare.settings import settings_of
from shared.ports import CounterPoint


async def run(env, argument):
    """Write the points, then ask for the totals of an index."""
    asked = json.loads(argument)
    bound = _EnvWrapper(env)
    counters = AnalyticsCounters(
        bound.ANALYTICS_ENGINE,
        outside,
        name=bound.COUNTERS_DATASET,
        settings=settings_of(bound),
        api=asked["api"],
    )
    counters.write([CounterPoint(*point) for point in asked["points"]])
    since = datetime.fromisoformat(asked["since"])
    return json.dumps(dict(await counters.totals(asked["index"], since=since)))

"""Runs inside Pyodide: a bare handler beside the Worker's own, and bindings that only take.

The bindings are JavaScript objects that copy what they get, as the runtime does when it sends it;
Miniflare's, which Node reaches over HTTP, would be all that is measured.
"""

import entry
from pyodide.code import run_js

from shared.engagement.schemas import EventBatch
from workers import Response, WorkerEntrypoint

_PIPELINE = "({ async send(rows) { structuredClone(rows); } })"
_COPY = "(binding) => Object.fromEntries(NAMES.map((name) => [name, binding[name]]))"
_HYPERDRIVE = _COPY.replace("NAMES", '["host", "port", "user", "password", "database"]')
_KV = "({ async get() { return null; }, async put() {} })"
_DATASET = "({ writeDataPoint(point) { structuredClone(point); } })"


class Bare(WorkerEntrypoint):
    """Parses and validates the same body, and does nothing with it."""

    async def fetch(self, request):
        """Answer how many events there were."""
        batch = EventBatch.model_validate_json(await request.text())
        return Response(
            f'{{"accepted":{len(batch.events)}}}',
            status=202,
            headers={"Content-Type": "application/json"},
        )


async def run(env, _argument):
    """Put the bare handler and the bindings in place."""
    entry.Bare = Bare
    env.PUBLICATION_TELEMETRY = run_js(_PIPELINE)
    env.ANALYTICS_ENGINE = run_js(_DATASET)
    env.HYPERDRIVE = run_js(_HYPERDRIVE)(env.HYPERDRIVE)
    env.KV = run_js(_KV)
    env.INGEST = run_js("({})")
    return "null"

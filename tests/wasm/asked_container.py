"""Runs inside Pyodide: the measurement container's Durable Object, over a container that notes."""

import json

import entry
from pyodide.code import run_js
from workers.rpc import _EnvWrapper

from shared.adapters.cloudflare import measurement
from shared.adapters.cloudflare.settings import settings_of
from workers import Request

# It listens after some attempts, and takes no idle time the first so many times.
_CONTAINER = """({ closed, refusals, running }) => {
  const calls = [];
  const container = {
    running,
    start({ env, enableInternet }) {
      calls.push(["start", env.PORT, env.MEASUREMENT_TOKEN, enableInternet]);
      container.running = true;
    },
    async setInactivityTimeout(milliseconds) {
      calls.push(["setInactivityTimeout", typeof milliseconds, milliseconds]);
      if (refusals-- > 0) throw new Error("not yet");
    },
    getTcpPort: (port) => ({
      async fetch(input, options) {
        if (closed-- > 0) throw new Error("the port is closed");
        const request = new Request(input, options);
        return new Response(`${port} ${request.method} ${await request.text()}`);
      },
    }),
  };
  return { ctx: { container }, stop: () => { container.running = false; }, calls };
}"""


async def _asked(env, document):
    """Ask as often as told, with the container stopped before the given ones."""
    made = run_js(f"({_CONTAINER})({json.dumps(document['container'])})")
    owner = entry.MeasurementContainer(made.ctx, env)
    answers = []
    for number in range(document["requests"]):
        if number in document.get("stopped_before", []):
            made.stop()
        request = Request("http://measurement/query/x", method="POST", body="{}")
        answer = await owner.fetch(request)
        answers.append([answer.status, await answer.text()])
    return {"answers": answers, "calls": made.calls.to_py()}


async def _client(env):
    """Return how long the client of the container waits, and how long a cold start may take."""
    settings = settings_of(_EnvWrapper(env)).model_copy(update={"MEASUREMENT_URL": None})
    namespace = run_js("({ getByName: () => ({ fetch() {} }) })")
    async with measurement._client(settings, namespace)() as client:
        waits = client.timeout.read
    return {"waits": waits, "cold_start": measurement.COLD_START.total_seconds()}


async def run(env, argument):
    """Return what happened."""
    document = json.loads(argument)
    return json.dumps(await (_asked(env, document) if document else _client(env)))

"""Runs inside Pyodide: the Cloudflare adapters as subjects of the contract suites."""

import asyncio
import importlib
import json
import traceback

import entry
from workers.rpc import _EnvWrapper

from shared.adapters.cloudflare import (
    access,
    cache,
    object_store,
    queue,
    stream,
    watermarks,
    workflows,
)
from tests.contract.suites.event_stream import EventStreamSubject
from tests.contract.suites.queue import QueueSubject
from tests.contract.suites.workflows import DEFINITIONS, WorkflowSubject
from workers import WorkflowEntrypoint

_ENDED = ("complete", "errored", "terminated")
_CLASSES = {name.replace("-", "_"): name for name in DEFINITIONS}


def _workflow_class(attribute, name):
    async def run(self, event, step):
        async def definition(step, payload, _bindings):
            return await DEFINITIONS[name](step, payload)

        return await workflows.run_workflow(definition, event, step, None)

    return type(attribute, (WorkflowEntrypoint,), {"run": run})


for _attribute, _name in _CLASSES.items():
    setattr(entry, _attribute, _workflow_class(_attribute, _name))


async def _object_store(env):
    bucket = env.R2_BUCKET
    for found in (await bucket.list()).objects:
        await bucket.delete(found.key)
    return object_store.R2ObjectStore(bucket)


async def _cache(env):
    return cache.KvCache(env.KV)


async def _signatures(_env):
    return access.WebCryptoVerifier()


async def _watermarks(env):
    return watermarks.DurableWatermarks(env.WATERMARK_DO, "contract")


async def _event_stream(env):
    recorder = env.CONTRACT_PIPELINE._binding
    recorder.clear()

    async def landed():
        return json.loads(recorder.text())

    sink = stream.pipeline(env.CONTRACT_PIPELINE)
    return EventStreamSubject(stream.CheckedStream(sink, "commerce"), landed)


async def _queue(env):
    async def take():
        return json.loads(await env.CONTRACT_TAKE())

    while await take():
        pass
    return QueueSubject(queue.CloudflareQueue(env.CONTRACT_QUEUE), take)


async def _workflows(env):
    bindings = {name: getattr(env, f"CONTRACT_{attribute}") for attribute, name in _CLASSES.items()}
    port = workflows.CloudflareWorkflows(bindings)

    async def finished(name, instance_id):
        while True:
            status = await port.status(name, instance_id)
            if status is not None and status.state in _ENDED:
                return status
            await asyncio.sleep(0.05)

    return WorkflowSubject(port, finished)


SUBJECTS = {
    "object_store": _object_store,
    "cache": _cache,
    "signatures": _signatures,
    "watermarks": _watermarks,
    "event_stream": _event_stream,
    "queue": _queue,
    "workflows": _workflows,
}


async def run(env, argument):
    """Run one case of a suite; return what went wrong, or null."""
    suite, case = json.loads(argument)
    module = importlib.import_module(f"tests.contract.suites.{suite}")
    cases = {item.__name__: item for item in module.CASES}
    try:
        await cases[case](await SUBJECTS[suite](_EnvWrapper(env)))
    except BaseException:
        return json.dumps(traceback.format_exc())
    return "null"

"""Runs inside Pyodide: counts the runtime's timers while the event loop makes and cancels them."""

import asyncio
import json

from pyodide.code import run_js

from shared.adapters.cloudflare import timers

_COUNTED = """(() => {
  const { setTimeout, clearTimeout } = globalThis;
  const waiting = new Set();
  globalThis.setTimeout = (call, ...rest) => {
    const timer = setTimeout((...told) => { waiting.delete(timer); call(...told); }, ...rest);
    waiting.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => { waiting.delete(timer); clearTimeout(timer); };
  const end = () => Object.assign(globalThis, { setTimeout, clearTimeout });
  return { waiting: () => waiting.size, end };
})()"""


async def run(_env, _argument):
    """Return how many timers wait after many timeouts that were not needed, and what others did."""
    counted = run_js(_COUNTED)
    timers.setTimeout, timers.clearTimeout = run_js("[setTimeout, clearTimeout]")
    try:
        before = counted.waiting()
        for _ in range(200):
            async with asyncio.timeout(60):
                await asyncio.sleep(0)
        after = counted.waiting()
        try:
            async with asyncio.timeout(0.05):
                await asyncio.sleep(30)
        except TimeoutError:
            timed_out = True
        called = []
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, called.append, "called")
        loop.call_later(0.01, called.append, "cancelled").cancel()
        await asyncio.sleep(0.05)
    finally:
        counted.end()
        timers.setTimeout, timers.clearTimeout = run_js("[setTimeout, clearTimeout]")
    return json.dumps(
        {
            "left": after - before,
            "timed_out": timed_out,
            "called": called,
            "at_last": counted.waiting() - before,
        }
    )

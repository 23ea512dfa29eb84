"""Prints what a bench found, and keeps it: `results.json` for programs, `README.md` for people."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from bench.targets import TARGETS
from bench.timing import Outcome

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE / "results.json"
README: Final = HERE / "README.md"
_PACKAGES: Final = ("duckdb", "pyarrow", "pyiceberg", "asyncpg", "orjson", "dlt")
_INTRODUCTION: Final = """\
# Benches

`make bench` runs them all; `python -m bench sync refresh` runs some, and `--quick` only shows that
they run. What follows is written by the last full run of each; `results.json` holds the same.
Contenders run in turn, round by round; a figure is the median of the rounds' ratios, and a time is
a median with minimum and maximum. Times belong to the machine named below: compare ratios.
"""


def print_outcome(outcome: Outcome) -> None:
    """Print medians, spreads and ratios."""
    print(f"\n{outcome.title}")
    for label, text in outcome.rows:
        print(f"  {label}: {text}")
    for key, value in outcome.figures.items():
        print(f"  {_verdict(key, value)}")
    print(flush=True)


def _verdict(key: str, value: float) -> str:
    target = TARGETS[key]
    missed = "" if target.is_met(value) else f"; missed by {abs(value - target.bound):.2f}"
    return f"{key} {value:.2f} (target {target}{missed})"


def write_results(name: str, outcome: Outcome) -> None:
    """Put the outcome in the place of the bench's last one, and write the report anew."""
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    benches: dict[str, Any] = results.pop("benches", {})
    benches[name] = {
        **asdict(outcome),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
    }
    results.update({key: round(value, 3) for key, value in outcome.figures.items()})
    ordered = {key: results[key] for key in TARGETS if key in results}
    RESULTS.write_text(json.dumps({**ordered, "benches": benches}, indent=2) + "\n")
    README.write_text(_readme(benches))


def machine() -> str:
    """Describe what the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES if find_spec(name))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{os.cpu_count()} processors ({platform.machine()}), {memory:.0f} GiB, load average {load}"
        f" at the end; Python {platform.python_version()}, {packages}"
    )


def _readme(benches: dict[str, Any]) -> str:
    lines = [_INTRODUCTION, "| figure | what it is | target | last run | |", "|-|-|-|-|-|"]
    for key, target in TARGETS.items():
        values = [bench["figures"][key] for bench in benches.values() if key in bench["figures"]]
        for value in values:
            off = f"missed by {abs(value - target.bound):.2f}"
            verdict = "met" if target.is_met(value) else off
            row = (f"`{key}`", target.meaning, str(target), f"**{value:.2f}**", verdict)
            lines.append(f"| {' | '.join(row)} |")
    for bench in benches.values():
        lines += ["", f"## {bench['title']}", "", "| measured | median (min to max) |", "|-|-|"]
        lines += [f"| {label} | {text} |" for label, text in bench["rows"]]
        lines += ["", *(f"- {note}" for note in bench["notes"])]
        for key, value in bench["figures"].items():
            if not TARGETS[key].is_met(value):
                lines.append(f"- `{key}` misses its target: {TARGETS[key].cost}")
        lines += ["", f"Measured {bench['measured_at']} on {bench['machine']}."]
    return "\n".join(lines) + "\n"

"""Medians of interleaved repetitions: what a shared, noisy machine still lets compare."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Samples:
    """What was measured of one contender, a value per round."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        """Return the middle value."""
        return statistics.median(self.values)

    def __str__(self) -> str:
        return f"{self.median:.2f} ({min(self.values):.2f} to {max(self.values):.2f})"

    def over(self, other: Samples) -> Samples:
        """Return the ratios to another contender, round by round: drift of the machine cancels."""
        return Samples([mine / its for mine, its in zip(self.values, other.values, strict=True)])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one bench found."""

    title: str
    figures: Mapping[str, float]
    """The ratios and sizes that have targets, by the keys of `results.json`."""
    rows: Sequence[tuple[str, str]]
    """What was measured, line by line: a label and a text."""
    notes: Sequence[str] = field(default_factory=tuple)
    """What a reader must know of the setting."""


def interleaved(
    contenders: Mapping[str, Callable[[int], Mapping[str, float]]], rounds: int
) -> dict[str, dict[str, Samples]]:
    """Run every contender once per round, in turn; return the samples of each of its figures.

    Args:
        contenders: By name: runs one repetition, and returns what it measured by name.
        rounds: How many rounds.
    """
    found: dict[str, list[Mapping[str, float]]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name, run in contenders.items():
            found[name].append(run(number))
            shown = ", ".join(f"{label} {value:.2f}" for label, value in found[name][-1].items())
            print(f"  round {number + 1} of {rounds}, {name}: {shown}", flush=True)
    return {
        name: {label: Samples([one[label] for one in all_of]) for label in all_of[0]}
        for name, all_of in found.items()
    }

"""Repeatable random streams: the same (seed, topic, index) always draws the same numbers."""

from __future__ import annotations

from random import Random

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def stream(seed: int, topic: int, index: int) -> Random:
    """Return the random numbers of one thing, independent of every other thing."""
    mixed = ((seed * 31 + topic) * _GOLDEN + (index + 1) * 0xBF58476D1CE4E5B9) & _MASK
    mixed ^= mixed >> 29
    return Random(mixed * _GOLDEN & _MASK)  # noqa: S311 - generated goods, not secrets


def fraction(seed: int, index: int) -> float:
    """Return one number in [0, 1) for an index, much cheaper than a stream."""
    mixed = (seed * _GOLDEN + (index + 1) * 0x94D049BB133111EB) & _MASK
    mixed ^= mixed >> 31
    mixed = mixed * 0xBF58476D1CE4E5B9 & _MASK
    return (mixed >> 11) / (1 << 53)

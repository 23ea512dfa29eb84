"""Which part of a shop's history a run reads, and what of it Shopify may hide."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared import limits
from shared.clock import format_instant

HIDDEN_AFTER: Final = timedelta(days=60)
"""Without the scope `read_all_orders` Shopify shows no older orders, and does not say so."""

BACKFILL_WINDOW: Final = timedelta(days=90)
"""What a backfill asks for at a time; Shopify takes longer, and fails more often, for more."""
BACKFILL_WINDOW_MIN: Final = timedelta(hours=6)
"""A window that is this short fails for another reason than its size."""


@dataclass(frozen=True, slots=True)
class Window:
    """The instants `[since, until)` of `updated_at` that a run reads; `until` is its watermark."""

    since: datetime
    until: datetime
    notes: tuple[str, ...] = ()
    """What the run must tell about the window."""


def sync_window(watermark: datetime | None, started_at: datetime) -> Window:
    """Return the window of a run that starts now.

    The upper bound is the run's start in whole seconds, the resolution of Shopify's instants; the
    lower one lies a little before the watermark, since the search index lags behind the writes.
    """
    until = started_at.replace(microsecond=0)
    floor = until - limits.WATERMARK_FLOOR
    if watermark is None:
        note = f"first run: reads back to {format_instant(floor)}; older history needs a backfill"
        return Window(floor, until, (note,))
    since = watermark - limits.WATERMARK_OVERLAP
    if since >= floor:
        return Window(min(since, until), until)
    note = (
        f"the watermark {format_instant(watermark)} is older than"
        f" {limits.WATERMARK_FLOOR.days} days: reads from {format_instant(floor)} only;"
        " what changed in between needs a backfill"
    )
    return Window(floor, until, (note,))


def hidden_orders_note(window: Window, scopes: Collection[str]) -> str | None:
    """Return what to tell if Shopify silently leaves old orders out of this window.

    The window is of changes, and what is hidden are orders by their creation: an old order that
    changes today is missing from today's window as it is from any other.
    """
    if "read_all_orders" in scopes:
        return None
    return (
        "the access token lacks read_all_orders: Shopify hides orders created more than"
        f" {HIDDEN_AFTER.days} days ago, also those that changed since"
        f" {format_instant(window.since)}"
    )


def hidden_before(object_name: str, scopes: Collection[str], now: datetime) -> datetime | None:
    """Return the instant before which Shopify hides orders from this token, if it hides any."""
    if object_name != "orders" or "read_all_orders" in scopes:
        return None
    return now.replace(microsecond=0) - HIDDEN_AFTER


def backfill_windows(since: datetime, until: datetime) -> list[Window]:
    """Cut a part of the history into windows, the oldest first; none if it is empty."""
    windows = []
    while since < until:
        end = min(until, since + BACKFILL_WINDOW)
        windows.append(Window(since, end))
        since = end
    return windows


def halved(window: Window) -> tuple[Window, Window] | None:
    """Return the halves of a window, or None if it is too short to be cut."""
    if window.until - window.since < 2 * BACKFILL_WINDOW_MIN:
        return None
    middle = (window.since + (window.until - window.since) / 2).replace(microsecond=0)
    return Window(window.since, middle), Window(middle, window.until)

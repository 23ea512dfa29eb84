"""Watermarks, leases and run summaries on the journal."""

from __future__ import annotations

from shared.adapters.watermarks import SqliteWatermarks


class JournalWatermarks(SqliteWatermarks):
    """The singleton of sync state as tables of the journal."""

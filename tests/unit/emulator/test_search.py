"""Shopify's search syntax, with the two traps it has."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from local.shopify.queries.search import parse_search

FIELDS = {
    name: lambda found, name=name: getattr(found, name)
    for name in ("updated_at", "created_at", "id", "status", "test", "tag")
}


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def order(updated: str = "2026-11-19T06:00:00", **values: object) -> SimpleNamespace:
    known = {
        "created_at": at(updated),
        "id": 7,
        "status": ["any", "open"],
        "test": False,
        "tag": [],
    }
    return SimpleNamespace(**{"updated_at": at(updated), **known, **values})


def matches(query: str, found: object, timezone: str = "UTC") -> bool:
    return parse_search(query, FIELDS, timezone).matches(found)


class TestInstants:
    def test_a_quoted_range_is_exact_to_the_second(self):
        query = "updated_at:>='2026-11-19T06:00:00Z' AND updated_at:<'2026-11-20T06:00:00Z'"
        assert matches(query, order("2026-11-19T06:00:00"))
        assert matches(query, order("2026-11-20T05:59:59"))
        assert not matches(query, order("2026-11-20T06:00:00"))
        assert not matches(query, order("2026-11-19T05:59:59"))

    def test_the_range_can_be_read_from_an_index(self):
        found = parse_search(
            "updated_at:>='2026-11-19T06:00:00Z' AND updated_at:<'2026-11-20T06:00:00Z'",
            FIELDS,
            "UTC",
        )
        assert (found.since, found.until) == (at("2026-11-19T06:00:00"), at("2026-11-20T05:59:59"))

    def test_failure_27_an_unquoted_timestamp_matches_whole_days(self):
        query = "updated_at:>=2026-11-19T06:00:00Z"
        assert matches(query, order("2026-11-19T00:00:01"))
        assert not matches(query, order("2026-11-18T23:59:59"))

    def test_days_are_days_of_the_shop(self):
        query = "created_at:2026-11-19"
        assert matches(query, order("2026-11-20T04:59:59"), "America/New_York")
        assert not matches(query, order("2026-11-19T04:59:59"), "America/New_York")

    def test_an_or_cannot_be_narrowed_to_one_range(self):
        found = parse_search("updated_at:<'2026-01-01T00:00:00Z' OR status:open", FIELDS, "UTC")
        assert (found.since, found.until) == (None, None)
        assert found.matches(order())


class TestWords:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", True),
            ("status:open", True),
            ("status:cancelled", False),
            ("NOT status:open", False),
            ("-status:open", False),
            ("id:7", True),
            ("id:'gid://shopify/Order/7'", True),
            ("id:>6", True),
            ("id:>7", False),
            ("test:false", True),
            ("status:cancelled OR (id:7 AND test:false)", True),
            ("tag:VIP", True),
        ],
    )
    def test_terms(self, query, expected):
        assert matches(query, order(tag=["vip"])) is expected

    def test_an_unknown_field_matches_everything_and_warns(self):
        found = parse_search("made_up:x", FIELDS, "UTC")
        assert found.matches(order())
        assert [warning["code"] for warning in found.warnings] == ["invalid_field"]

    def test_a_bad_instant_warns(self):
        assert parse_search("updated_at:>'yesterday'", FIELDS, "UTC").warnings

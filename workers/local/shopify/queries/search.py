"""Shopify's search syntax: `updated_at:>='2026-11-19T06:00:00Z' AND status:open`.

Two traps are kept on purpose: an unquoted timestamp loses its time and matches whole days, and an
unknown field matches everything and only leaves a warning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.clock import parse_instant
from shared.ports import JsonObject

Predicate = Callable[[object], bool]
Value = Callable[[object], object]

_TOKEN = re.compile(
    r"""\s*(?:(?P<paren>[()])|(?P<word>AND|OR|NOT)(?=[\s(])
    |(?P<minus>-)?(?:(?P<field>[A-Za-z_.]+):(?P<op><=|>=|<|>)?)?
     (?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<bare>[^\s()]+)))""",
    re.VERBOSE,
)


@dataclass(slots=True)
class Filter:
    """A parsed search: what it matches, the span of updated_at it needs, and its warnings."""

    matches: Predicate
    since: int | None = None
    until: int | None = None
    warnings: list[JsonObject] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Term:
    name: str | None
    operator: str
    text: str
    is_quoted: bool


def parse_search(query: str | None, fields: Mapping[str, Value], timezone: str) -> Filter:
    """Parse a search query over the fields that a resource knows.

    Args:
        query: The text of the argument; empty matches everything.
        fields: How to read each known field; those ending in `_at` give epoch seconds.
        timezone: Where days begin for dates without a time.
    """
    return _Parser(query or "", fields, timezone).filter()


class _Parser:
    def __init__(self, query: str, fields: Mapping[str, Value], timezone: str) -> None:
        self.fields, self.zone = fields, ZoneInfo(timezone)
        self.found = Filter(lambda _: True)
        self.tokens: list[str | _Term] = []
        for match in _TOKEN.finditer(query):
            self._read(match)
        self.is_flat = "OR" not in self.tokens and "NOT" not in self.tokens

    def _read(self, match: re.Match[str]) -> None:
        if simple := match["paren"] or match["word"]:
            self.tokens.append(simple)
            return
        if match["minus"]:
            self.tokens.append("NOT")
        text = next(match[g] for g in ("single", "double", "bare") if match[g] is not None)
        self.tokens.append(_Term(match["field"], match["op"] or "", text, match["bare"] is None))

    def filter(self) -> Filter:
        """Return the whole filter."""
        if self.tokens:
            self.found.matches = self._any()
        return self.found

    def _any(self) -> Predicate:
        parts = [self._all()]
        while self.tokens and self.tokens[0] == "OR":
            self.tokens.pop(0)
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda x: any(part(x) for part in parts)

    def _all(self) -> Predicate:
        parts = [self._one()]
        while self.tokens and self.tokens[0] not in {"OR", ")"}:
            if self.tokens[0] == "AND":
                self.tokens.pop(0)
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda x: all(part(x) for part in parts)

    def _one(self) -> Predicate:
        head = self.tokens.pop(0) if self.tokens else "("
        if head == "NOT":
            inner = self._one()
            return lambda found: not inner(found)
        if head == "(":
            whole = self._any() if self.tokens else _everything
            if self.tokens and self.tokens[0] == ")":
                self.tokens.pop(0)
            return whole
        return self._term(head) if isinstance(head, _Term) else _everything

    def _term(self, term: _Term) -> Predicate:
        if term.name is None:
            return _everything
        if (value := self.fields.get(term.name)) is None:
            self.found.warnings.append(
                {
                    "field": term.name,
                    "message": "Invalid search field for this query.",
                    "code": "invalid_field",
                }
            )
            return _everything
        if term.name.endswith("_at"):
            return self._instant(term, value)
        if term.operator:
            return _compare(value, term.operator, term.text)
        wanted = term.text.lower()
        return lambda found: _equal(value(found), wanted)

    def _instant(self, term: _Term, value: Value) -> Predicate:
        try:
            start, stop = self._span(term)
        except ValueError:
            self.found.warnings.append(
                {
                    "field": term.name,
                    "message": f"Input `{term.text}` is not an accepted value.",
                    "code": "not_an_allowed_value",
                }
            )
            return _everything
        low, high = {
            ">=": (start, None),
            ">": (stop + 1, None),
            "<": (None, start - 1),
            "<=": (None, stop),
            "": (start, stop),
        }[term.operator]
        if term.name == "updated_at" and self.is_flat:
            self._narrow(low, high)
        return _between(value, low, high)

    def _narrow(self, low: int | None, high: int | None) -> None:
        found = self.found
        if low is not None:
            found.since = low if found.since is None else max(found.since, low)
        if high is not None:
            found.until = high if found.until is None else min(found.until, high)

    def _span(self, term: _Term) -> tuple[int, int]:
        if term.is_quoted and "T" in term.text:
            text = term.text if re.search(r"(Z|[+-]\d\d:?\d\d)$", term.text) else term.text + "Z"
            at = int(parse_instant(text).timestamp())
            return at, at
        day = date.fromisoformat(term.text[:10])
        start = datetime.combine(day, time(), self.zone).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), time(), self.zone).astimezone(UTC)
        return int(start.timestamp()), int(end.timestamp()) - 1


def _everything(_: object) -> bool:
    return True


def _between(value: Value, low: int | None, high: int | None) -> Predicate:
    def matches(found: object) -> bool:
        at = value(found)
        if not isinstance(at, int):
            return False
        return (low is None or at >= low) and (high is None or at <= high)

    return matches


def _equal(value: object, wanted: str) -> bool:
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(_equal(one, wanted) for one in value)
    if isinstance(value, bool):
        return str(value).lower() == wanted
    return str(value).lower() == wanted or (isinstance(value, int) and wanted.endswith(f"/{value}"))


def _compare(value: Value, operator: str, text: str) -> Predicate:
    limit = float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else 0.0

    def matches(found: object) -> bool:
        read = value(found)
        if not isinstance(read, (int, float)):
            return False
        return {
            "<": read < limit,
            "<=": read <= limit,
            ">": read > limit,
            ">=": read >= limit,
        }[operator]

    return matches

"""Who led to an order: the last click within the window, else a code that stood then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from shared.commissions.attribution import Evidence, Order, attribute, rate_at
from shared.commissions.models import (
    ActivePeriod,
    AppliedRate,
    CodeAssignment,
    Conversion,
    FollowedClick,
    ProgramTerms,
    Referrer,
)
from tests.fixtures import orders as make

AT = make.AT
DAY = timedelta(days=1)
PROGRAMS = {name: ProgramTerms(name, 30, 14) for name in ("prg_1", "prg_2")}


def rate(publisher: str | None, points: int, days: int, program: str = "prg_1") -> AppliedRate:
    name = f"rat_{publisher}_{points}"
    return AppliedRate(name, program, publisher, points, AT + timedelta(days=days))


RATES = [
    rate(None, 500, -100),
    rate(None, 700, -10),
    rate("pub_1", 900, -50),
    rate("pub_1", 950, 1),
    rate(None, 300, -100, "prg_2"),
]


ALWAYS = [
    ActivePeriod(owner, AT - 500 * DAY, None)
    for owner in ("pub_1", "pub_2", "pub_3", "prg_1", "prg_2")
]
EVIDENCE = Evidence(PROGRAMS, RATES, ALWAYS, {"pub_1": "of pub_1", "pub_2": None})


def click(days: float, publisher: str = "pub_1", program: str = "prg_1") -> FollowedClick:
    to = Referrer(publisher, program, "pbl_1", "itm_1", "prd_1")
    return FollowedClick(f"clk_{publisher}_{days}", AT - timedelta(days=days), to)


def code(name: str, starts: float = 10, ends: float | None = None) -> CodeAssignment:
    ended = None if ends is None else AT - timedelta(days=ends)
    return CodeAssignment(name, name, "pub_2", "prg_1", AT - timedelta(days=starts), ended)


def decided(
    clicks: Sequence[FollowedClick] = (), codes: Sequence[CodeAssignment] = (), **changes: object
) -> Conversion | None:
    order = Order(make.header(1, **changes), clicks, codes)
    return attribute(order, EVIDENCE, AT + DAY)


def test_the_last_click_wins_and_says_what_it_rests_on() -> None:
    found = decided([click(9, "pub_2"), click(2, "pub_1"), click(5, "pub_3")], [code("SAVE")])
    assert found is not None
    assert (found.kind, found.publisher_id) == ("click", "pub_1")
    assert (found.clicked_at, found.window_days, found.hold_days) == (AT - 2 * DAY, 30, 14)
    assert (found.basis_points, found.rate_id) == (900, "rat_pub_1_900")
    assert found.discount_code is None


@pytest.mark.parametrize(
    ("days", "is_attributed"), [(0, True), (30, True), (30.0001, False), (-0.0001, False)]
)
def test_a_click_counts_within_its_window_and_before_the_order(
    days: float, is_attributed: bool
) -> None:
    assert (decided([click(days)]) is not None) is is_attributed


def test_an_older_click_counts_where_the_last_one_does_not() -> None:
    found = decided([click(-1, "pub_2"), click(1, "pub_3", "prg_ended"), click(3, "pub_1")])
    assert found is not None
    assert found.publisher_id == "pub_1"


def test_a_click_is_not_from_the_future_of_now() -> None:
    order = Order(make.header(1, processed_at=AT + 9 * DAY), [click(-5)], ())
    assert attribute(order, EVIDENCE, AT + DAY) is None


def test_else_the_first_code_that_stood_then_counts() -> None:
    stood = [code("LATE", -1), code("ENDED", 10, 0), code("FIRST", 0), code("SECOND", 5)]
    found = decided([click(31)], stood)
    assert found is not None
    assert (found.kind, found.discount_code, found.click_id) == ("discount_code", "FIRST", None)
    assert (found.publisher_id, found.basis_points) == ("pub_2", 700)


@pytest.mark.parametrize("owner", ["pub_2", "prg_1"])
@pytest.mark.parametrize(
    ("began", "ended", "is_attributed"),
    [(0, None, True), (0.001, None, False), (-9, 0.001, True), (-9, 0, False), (-9, -2, False)],
)
def test_an_order_counts_if_publisher_and_program_were_active_when_it_was_placed(
    owner: str, began: float, ended: float | None, *, is_attributed: bool
) -> None:
    period = ActivePeriod(
        owner, AT + timedelta(days=began), None if ended is None else AT + timedelta(days=ended)
    )
    before = ActivePeriod(owner, AT - 90 * DAY, AT - 80 * DAY)
    others = [one for one in ALWAYS if one.owner_id != owner]
    evidence = Evidence(PROGRAMS, RATES, [*others, before, period], {})
    for clicks, codes in (([click(1, "pub_2")], ()), ((), [code("SAVE")])):
        found = attribute(Order(make.header(1), clicks, codes), evidence, AT + DAY)
        assert (found is not None) is is_attributed


def test_a_test_order_and_an_order_of_nobody_have_none() -> None:
    assert decided([click(1)], [code("SAVE")], is_test=True) is None
    assert decided() is None


def test_without_a_rate_in_force_nothing_is_earned() -> None:
    found = decided([click(1, "pub_1", "prg_2")], processed_at=AT - timedelta(days=200))
    assert found is None
    early = AT - timedelta(days=101)
    assert rate_at(RATES, program_id="prg_1", publisher_id="pub_9", at=early) is None


def test_an_attributed_order_that_earns_nothing_says_why() -> None:
    early = AT - timedelta(days=101)
    at_101 = click(101 - 1e-6)
    at_101 = FollowedClick(at_101.click_id, early, at_101.referrer)
    for found, because in (
        (decided([click(1)]), None),
        (decided([at_101], processed_at=early), "no_rate"),
        (decided([click(1)], email_hash="of pub_1"), "own_order"),
        (decided([click(1)], email_hash="of pub_2"), None),
        (decided([click(1, "pub_2")], email_hash="of pub_1"), None),
        (decided([click(1, "pub_2")], email_hash=None), None),
    ):
        assert found is not None
        assert found.earns_nothing_because == because
        assert (found.rate_id is None) == (found.basis_points == 0) == (because is not None)


@pytest.mark.parametrize(
    ("publisher", "days", "points"),
    [
        ("pub_9", -11, 500), ("pub_9", -10, 700), ("pub_1", -51, 500), ("pub_1", 0, 900),
        ("pub_1", 1, 950),
    ],
)  # fmt: skip
def test_the_rate_in_force_is_the_publishers_own_before_that_of_all(
    publisher: str, days: int, points: int
) -> None:
    at = AT + timedelta(days=days)
    found = rate_at(RATES, program_id="prg_1", publisher_id=publisher, at=at)
    assert found is not None
    assert found.basis_points == points

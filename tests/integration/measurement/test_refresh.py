"""A refresh against the oracle: in full, and by the days that new events touch."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.adapters.lake.compaction import Compaction, compact
from shared.adapters.lake.measurement_tables import EVENTS, SALES
from shared.performance.models import ClassificationSpec
from tests.fixtures import measurement_histories as histories
from tests.fixtures.measurement import Lab, NewLab, event, product

DAY = date(2026, 3, 20)
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
BEFORE = timedelta(days=1)


async def test_a_sale_and_its_refund(lab: Lab) -> None:
    lab.dimension = [product("prd_a"), product("prd_b", is_active=False)]
    lab.append([event("e1", "prd_a", NOON, quantity=3, amount=3000)])
    report = await lab.refresh(DAY)
    assert (report["mode"], report["reason"]) == ("full", "first refresh")
    lab.check(DAY)
    back = event("e2", "prd_a", NOON, kind="payment_refunded", quantity=-1, amount=-1000)
    lab.append([back])
    report = await lab.refresh(DAY)
    assert (report["mode"], report["touched_days"]) == ("incremental", 1)
    lab.check(DAY)
    report = await lab.refresh(DAY)
    assert (report["mode"], report["reason"]) == ("noop", "nothing changed")


@pytest.mark.parametrize(
    ("timezone", "currency"),
    [("America/New_York", "USD"), ("Pacific/Auckland", "USD"), ("Asia/Kathmandu", "JPY")],
)
async def test_twenty_thousand_events_equal_the_oracle(
    lab: Lab, timezone: str, currency: str
) -> None:
    """Thousands of products, each with a history of its own, over both DST changes of a year."""
    rng = histories.seeded(f"{timezone}{currency}")
    last = date(2026, 11, 20)
    lab.timezone, lab.currency, lab.spec = timezone, currency, histories.spec(rng)
    lab.dimension = histories.dimension(rng, products=3_200, last=last)
    lab.append(
        histories.history(
            rng, products=3_000, events=20_000, last=last, days=280, currency=currency
        )
    )
    report = await lab.refresh(last)
    assert report["skipped_events"] > 0
    lab.check(last)
    classes = {row["nominal_classification"] for row in lab.performance(last).values()}
    assert len(classes) == 5


@pytest.mark.parametrize("seed", range(2))
async def test_any_sequence_of_appends_equals_a_full_refresh(new_lab: NewLab, seed: int) -> None:
    """Days go by, old events arrive late, files are compacted: the result stays the oracle's."""
    rng = histories.seeded(seed)
    lab = new_lab("incremental")
    last = DAY + timedelta(days=rng.randint(0, 30))
    lab.timezone = rng.choice(["UTC", "America/New_York", "Australia/Lord_Howe"])
    lab.dimension = histories.dimension(rng, products=330, last=last)
    made = histories.history(rng, products=300, events=1_200, last=last, days=70)
    parts = histories.split(rng, made, 4)
    first_day = last - timedelta(days=rng.choice([0, 10, 60]))
    days = sorted(first_day + (last - first_day) * rng.random() for _ in parts)
    modes = set()
    for part, as_of in zip(parts, days, strict=True):
        for piece in histories.split(rng, part, 2):
            lab.append(piece)
        if rng.random() < 0.4:
            assert compact(lab.catalog, EVENTS, Compaction(files=2)) > 0
        lab.spec = histories.spec(rng)
        lab.spec_version += 1
        report = await lab.refresh(as_of)
        modes.add(report["mode"])
        lab.check(as_of)
    assert modes == {"full", "incremental"}
    await lab.refresh(days[-1], full=True)
    lab.check(days[-1])


class TestWhatIsRefreshed:
    """A refresh does as little as it may, and in full what it must."""

    async def test_an_event_that_comes_again_unchanged_rewrites_no_sales(self, lab: Lab) -> None:
        lab.dimension = [product("prd_a")]
        sale = event("e1", "prd_a", NOON - 60 * BEFORE)
        lab.append([sale])
        first = await lab.refresh(DAY)
        lab.append([{**sale, "source_version_at": NOON}])
        again = await lab.refresh(DAY)
        assert again["mode"] == "incremental"
        assert again["touched_days"] == 1
        assert again["source_snapshot_id"] != first["source_snapshot_id"]
        sales = lab.catalog.load_table(("measurement", "sales"))
        state = lab.catalog.load_table(("measurement", "product_state"))
        assert (len(sales.history()), len(state.history())) == (1, 1)
        assert (await lab.refresh(DAY))["mode"] == "noop"

    async def test_a_day_older_than_the_carried_ones(self, lab: Lab) -> None:
        """The first sale moves back, so launch windows move with it."""
        lab.dimension = [product("prd_a"), product("prd_b")]
        lab.append(
            [
                event("e1", "prd_a", NOON - 60 * BEFORE, quantity=2),
                event("e2", "prd_a", NOON - 51 * BEFORE, quantity=4),
                event("e3", "prd_b", NOON - 44 * BEFORE, quantity=8),
            ]
        )
        await lab.refresh(DAY)
        lab.check(DAY)
        lab.append([event("e0", "prd_a", NOON - 65 * BEFORE, quantity=16)])
        assert (await lab.refresh(DAY))["mode"] == "incremental"
        lab.check(DAY)
        assert lab.performance(DAY)["prd_a"]["sales_first_7_days"] == 18
        for days in (1, 12, 50):  # carried totals move forward with the day
            await lab.refresh(DAY + days * BEFORE)
            lab.check(DAY + days * BEFORE)

    async def test_a_new_sale_leaves_the_manifests_of_older_days(self, lab: Lab) -> None:
        """A refresh costs the same however long the history is."""
        lab.dimension = [product("prd_a")]
        days = [event(f"e{n}", "prd_a", NOON - n * BEFORE) for n in range(200)]
        lab.append(days)
        await lab.refresh(DAY)
        before = _manifests(lab)
        assert len(before) == 4
        lab.append([event("late", "prd_a", NOON - BEFORE), event("new", "prd_a", NOON)])
        report = await lab.refresh(DAY)
        assert (report["mode"], report["touched_days"]) == ("incremental", 2)
        assert len(before & _manifests(lab)) == 3
        lab.check(DAY)

    async def test_an_earlier_day_is_measured_without_carried_totals(self, lab: Lab) -> None:
        lab.dimension = [product("prd_a")]
        lab.append(
            [event(f"e{n}", "prd_a", NOON - n * BEFORE, quantity=n + 1) for n in range(0, 90, 9)]
        )
        await lab.refresh(DAY)
        earlier = DAY - 40 * BEFORE
        assert (await lab.refresh(earlier))["mode"] == "incremental"
        lab.check(earlier)
        kept = DAY - 20 * BEFORE
        await lab.refresh(kept)
        lab.check(kept)
        assert lab.performance(earlier) == {}  # the next run drops what is older than is kept
        lab.check(DAY)
        assert (await lab.engine.query("performance", {}))["as_of"] == DAY.isoformat()
        past = await lab.engine.query("performance", {"as_of": kept.isoformat()})
        assert past["items"][0]["total_units"] < 100 + sum(range(0, 90, 9))

    async def test_a_changed_dimension_spec_or_day_reads_no_events(self, lab: Lab) -> None:
        lab.dimension = [product("prd_a")]
        lab.append([event("e1", "prd_a", NOON, quantity=5)])
        await lab.refresh(DAY)
        lab.dimension = [product("prd_a", is_active=False)]
        changed = await lab.refresh(DAY)
        assert changed["reason"] == "no new events; changed: dimension-hash"
        lab.check(DAY)
        lab.spec = ClassificationSpec(threshold_30d=5)
        lab.spec_version += 1
        assert (await lab.refresh(DAY))["reason"] == "no new events; changed: spec"
        assert lab.performance(DAY)["prd_a"]["nominal_classification"] == "winner"
        assert (await lab.refresh(DAY + BEFORE))["reason"] == "no new events; changed: as-of"
        lab.check(DAY + BEFORE)

    async def test_another_time_zone_or_currency_is_a_full_refresh(self, lab: Lab) -> None:
        lab.dimension = [product("prd_a")]
        lab.append([event("e1", "prd_a", NOON), event("e2", "prd_a", NOON, currency="JPY")])
        assert (await lab.refresh(DAY))["skipped_events"] == 1
        lab.timezone = "Pacific/Kiritimati"
        report = await lab.refresh(DAY)
        assert (report["mode"], report["reason"]) == (
            "full",
            "the shop's time zone or currency changed",
        )
        lab.check(DAY)
        lab.currency = "JPY"
        assert (await lab.refresh(DAY + BEFORE))["mode"] == "full"
        lab.check(DAY + BEFORE)
        assert lab.performance(DAY + BEFORE)["prd_a"]["currency"] == "JPY"

    async def test_lost_lineage_is_a_full_refresh(self, lab: Lab) -> None:
        lab.dimension = [product("prd_a")]
        lab.append([event("e1", "prd_a", NOON)])
        await lab.refresh(DAY)
        for number in range(3):
            lab.append([event(f"f{number}", "prd_a", NOON - number * BEFORE)])
        table = lab.catalog.load_table(EVENTS)
        *expired, _current = [entry.snapshot_id for entry in table.history()]
        table.maintenance.expire_snapshots().by_ids(expired).commit()
        report = await lab.refresh(DAY)
        assert (report["mode"], report["reason"]) == ("full", "source lineage lost")
        lab.check(DAY)

    async def test_removed_events_are_a_full_refresh(self, lab: Lab) -> None:
        lab.dimension = [product("prd_a")]
        lab.append([event("e1", "prd_a", NOON), event("e2", "prd_a", NOON - BEFORE)])
        await lab.refresh(DAY)
        lab.catalog.load_table(EVENTS).delete("event_id == 'e1'")
        lab.events = [e for e in lab.events if e["event_id"] != "e1"]
        report = await lab.refresh(DAY)
        assert report["mode"] == "full"
        assert "is not an append" in report["reason"]
        lab.check(DAY)

    async def test_no_events_at_all(self, lab: Lab) -> None:
        lab.dimension = [product("prd_a"), product("prd_b", published_day=DAY)]
        report = await lab.refresh(DAY)
        assert (report["mode"], report["events_read"], report["products"]) == ("full", 0, 2)
        lab.check(DAY)
        assert (await lab.refresh(DAY))["mode"] == "noop"
        lab.append([event("e1", "prd_a", NOON)])
        await lab.refresh(DAY)
        lab.check(DAY)

    async def test_sales_of_a_product_that_nobody_knows_are_reported(self, lab: Lab) -> None:
        lab.append([event("e1", "prd_x", NOON)])
        report = await lab.refresh(DAY)
        assert (report["products"], report["unknown_products"]) == (0, 1)
        lab.dimension = [product("prd_x")]
        await lab.refresh(DAY)
        lab.check(DAY)

    async def test_a_day_whose_sales_vanish(self, lab: Lab) -> None:
        """An edit moves a line to nothing, and with it the day's only row."""
        lab.dimension = [product("prd_a")]
        lab.append([event("e1", "prd_a", NOON - BEFORE), event("e2", "prd_a", NOON)])
        await lab.refresh(DAY)
        lab.append([event("e1", None, NOON - BEFORE, version=NOON)])
        await lab.refresh(DAY)
        lab.check(DAY)
        assert {day for day, _ in lab.sales()} == {DAY}


def _manifests(lab: Lab) -> set[str]:
    table = lab.catalog.load_table(SALES)
    snapshot = table.current_snapshot()
    assert snapshot is not None
    return {manifest.manifest_path for manifest in snapshot.manifests(table.io)}

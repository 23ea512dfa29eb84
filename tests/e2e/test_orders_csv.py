"""A merchant's own export: what is measured equals a sum over the file, by product and day."""

import csv
import io
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from local.demo import synced_and_measured
from local.options import Options
from local.platform import running
from local.screen import Screen
from local.staff import staff_of
from rich.console import Console

from shared.adapters.lake.catalog import load_catalog
from shared.adapters.lake.measurement_tables import SALES

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime.now(UTC).replace(microsecond=0)
ORDERS = 120
COLUMNS = (
    "Name", "Email", "Financial Status", "Paid at", "Fulfilled at", "Currency", "Subtotal",
    "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem sku",
    "Lineitem discount", "Cancelled at", "Refunded Amount", "Id", "Tags", "Notes",
)  # fmt: skip
PRODUCTS = {"Tote, large": "20.00", "Mug 🎁": "7.35", 'Poster "A2"': "12.99", "=Scarf": "30.00"}
Sums = Counter[tuple[date, str]]


def export(path: Path) -> None:
    """Write an export with several lines, discounts, refunds and cancellations over 400 days."""
    rng = random.Random(20261121)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for number in range(ORDERS):
            writer.writerows(order_rows(rng, number))


def order_rows(rng: random.Random, number: int) -> list[dict[str, str]]:
    created = NOW - timedelta(minutes=rng.randrange(60, 400 * 24 * 60))
    lines = []
    for name in rng.sample(sorted(PRODUCTS), rng.randrange(1, 4)):
        quantity = rng.randrange(1, 5)
        discount = Decimal(rng.choice(("0.00", "0.00", "1.50"))) * quantity
        lines.append((name, quantity, Decimal(PRODUCTS[name]), discount))
    worth = sum((price * quantity - discount for _, quantity, price, discount in lines), Decimal(0))
    fate = rng.choice(("paid", "paid", "paid", "pending", "refunded", "cancelled"))
    ended = created + timedelta(minutes=30)
    first = {
        "Email": f"buyer{number}@example.com",
        "Financial Status": fate,
        "Paid at": text(created) if fate in {"paid", "refunded"} else "",
        "Currency": "EUR",
        "Subtotal": str(worth),
        "Created at": text(created),
        "Cancelled at": text(ended) if fate in {"refunded", "cancelled"} else "",
        "Refunded Amount": str(worth) if fate == "refunded" else "0.00",
        "Id": str(6_000_000_000_000 + number),
        "Notes": "line one\nline two",
    }
    return [
        {
            "Name": f"#{1001 + number}",
            **(first if position == 0 else {}),
            "Lineitem name": name,
            "Lineitem quantity": str(quantity),
            "Lineitem price": str(price),
            "Lineitem sku": f"SKU-{name[:3]}",
            "Lineitem discount": str(discount),
        }
        for position, (name, quantity, price, discount) in enumerate(lines)
    ]


def text(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S %z}"


def sums_of(path: Path) -> tuple[Sums, Sums]:
    """Return net units and net cents by the day of the order or of its end, and product."""
    units, cents, order = Sums(), Sums(), {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            order = row if row["Created at"] else order
            quantity = int(row["Lineitem quantity"])
            worth = Decimal(row["Lineitem price"]) * quantity - Decimal(row["Lineitem discount"])
            for column, sign in (("Created at", 1), ("Cancelled at", -1)):
                if order[column]:
                    key = day_of(order[column]), row["Lineitem name"]
                    units[key] += sign * quantity
                    cents[key] += sign * int(worth * 100)
    return without_zeros(units), without_zeros(cents)


def day_of(column: str) -> date:
    return datetime.strptime(column, "%Y-%m-%d %H:%M:%S %z").astimezone(ZONE).date()


def without_zeros(sums: Sums) -> Sums:
    return Sums({key: value for key, value in sums.items() if value})


@pytest.mark.slow
async def test_the_measured_sums_are_those_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TIMEZONE", str(ZONE))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    file = tmp_path / "orders_export.csv"
    export(file)
    options = Options.of(tmp_path / "state", orders_csv=file, port=0)
    screen = Screen(Console(file=io.StringIO()))
    async with running(options, crons=False) as platform, staff_of(platform) as staff:
        await synced_and_measured(platform, staff, screen)
        names = {
            item.product_id: item.product_name
            async for page in staff.products()
            for item in page.items
        }
        summary = await staff.summary()
        catalog = load_catalog(
            platform.catalog.url, platform.catalog.warehouse, platform.catalog.token
        )
        rows = catalog.load_table(SALES).scan().to_arrow().to_pylist()
        catalog.close()
    units, cents = Sums(), Sums()
    for row in rows:
        key = row["day"], names[row["product_id"]]
        units[key] += row["gross_units"] - row["refunded_units"]
        cents[key] += row["gross_minor"] - row["refunded_minor"]
    assert len(units) > ORDERS
    assert sorted(names.values()) == sorted(PRODUCTS)
    assert summary.currency == "EUR"
    assert (without_zeros(units), without_zeros(cents)) == sums_of(file)

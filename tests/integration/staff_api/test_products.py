"""Staff finds products, and sees one with its tags and measures."""

import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.products.models import ProductParts
from shared.products.repository import ProductWrites
from tests.fixtures import orders as made
from tests.fixtures.staff_api import StaffApi

PATH = "/api/products"
AWKWARD = ['5" vinyl', "red, blue", "🎁🎄", "x" * 255, "café"]


async def store(databases: AsyncpgDatabases, *products: ProductParts) -> None:
    async with databases.open() as db:
        await ProductWrites(db).upsert_roots(products, written_by="run_1")


async def ids(api: StaffApi, **asked: object) -> list[str]:
    response = await api.http.get(PATH, params=asked)  # type: ignore[arg-type]
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["items"]]


async def test_the_list_is_filtered_and_walked(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    await store(
        databases,
        made.product(1, ["Summer"], id="prd_1", title="Red MUG"),
        made.product(2, id="prd_2", title="100% cotton_shirt", status="DRAFT"),
        made.product(3, ["summer", "sale"], id="prd_3", title="Blue mug"),
    )
    assert await ids(staff_api) == ["prd_1", "prd_2", "prd_3"]
    assert await ids(staff_api, text="mug") == ["prd_1", "prd_3"]
    assert await ids(staff_api, text="100% cotton_") == ["prd_2"]
    assert await ids(staff_api, text="%") == ["prd_2"]
    assert await ids(staff_api, tag="SUMMER") == ["prd_1", "prd_3"]
    assert await ids(staff_api, tag="summer", text="blue", is_active=True) == ["prd_3"]
    assert await ids(staff_api, is_active=False) == ["prd_2"]
    first = (await staff_api.http.get(PATH, params={"limit": 2})).json()
    assert await ids(staff_api, limit=2, cursor=first["next_cursor"]) == ["prd_3"]


@pytest.mark.parametrize("tag", AWKWARD)
async def test_any_tag_is_found(staff_api: StaffApi, databases: AsyncpgDatabases, tag: str) -> None:
    await store(databases, made.product(1, AWKWARD, id="prd_1"), made.product(2, id="prd_2"))
    response = await staff_api.http.get(PATH, params={"tag": tag})
    [found] = response.json()["items"]
    assert (found["id"], sorted(found["tags"])) == ("prd_1", sorted(AWKWARD))


async def test_one_comes_with_tags_variants_and_measures(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    variants = [made.variant(1, sku="S"), made.variant(2, position=0)]
    variants = [variant._replace(product_id="prd_3") for variant in variants]
    await store(databases, made.product(3, ["b", "A"], variants, id="prd_3"))
    body = (await staff_api.http.get(f"{PATH}/prd_3")).json()
    assert [tag["name"] for tag in body["tags"]] == ["A", "b"]
    assert [variant["position"] for variant in body["variants"]] == [0, 1]
    assert body["product"]["is_active"] is True
    assert body["measures"]["product_id"] == "prd_3"
    assert body["measures"]["sales_last_7_days"] == 6


async def test_one_that_was_never_measured_has_no_measures(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    await store(databases, made.product(3, id="prd_new"))
    assert (await staff_api.http.get(f"{PATH}/prd_new")).json()["measures"] is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{PATH}/{made.order_id(1)}", 404),
        (f"{PATH}/a%00b", 400),
        (f"{PATH}?limit=10000", 400),
        (f"{PATH}?text=%00", 400),
        (f"{PATH}?cursor=eyJhZnRlciI6MX0", 400),
    ],
)
async def test_what_names_no_product_is_refused(
    staff_api: StaffApi, path: str, status: int
) -> None:
    response = await staff_api.http.get(path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"

"""Orders that were redacted before landing pages were erased lose theirs by a migration."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from local.postgres import MIGRATIONS, dbmate, migrate

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.orders.repository import OrderWrites
from tests.fixtures import orders as make

MARK = "INSERT INTO order_mark (order_id, redacted_at, deleted_at) VALUES ($1, $2, $3)"
LANDINGS = "SELECT number, landing_site, referring_site FROM order_header ORDER BY number"


async def test_they_keep_the_click_alone(new_database: Callable[[], Awaitable[str]]) -> None:
    url = await new_database()
    databases = AsyncpgDatabases(url)
    pages = ["/?email=ann", "/?email=ann&click_id=a_-b=&x=1", "/mugs", "/mugs"]
    async with databases.open() as db:
        for number, page in enumerate(pages, 1):
            parts = make.parts(number, landing_site=page, referring_site="https://mail.example/")
            await OrderWrites(db, timezone="UTC").write_whole(parts, written_by="run_1")
        for number in (1, 2):
            await db.execute(MARK, make.order_id(number), make.AT, None)
        await db.execute(MARK, make.order_id(3), None, make.AT)
    files = [file.stem for file in sorted(MIGRATIONS.glob("2*.sql"))]
    for _ in files[files.index("20261127070000_redacted_landings") :]:
        dbmate(url, "down")
    migrate(url)
    async with databases.open() as db:
        rows = [tuple(row.values())[1:] for row in await db.fetch_all(LANDINGS)]
    await databases.close()
    kept = ("/mugs", "https://mail.example/")
    assert rows == [(None, None), ("/?click_id=a_-b=", None), kept, kept]

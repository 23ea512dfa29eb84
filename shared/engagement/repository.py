"""Keeps the engagement that the domain tracks; both writes may be repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Final

from shared.engagement.models import Conversion, Referral
from shared.ports import Database

_REFERRAL: Final = ", ".join(field.name for field in fields(Referral))


class Referrals:
    """The rows of clicks that may earn."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, referrals: Sequence[Referral]) -> None:
        """Keep clicks; one that is there already stays as it was."""
        await self._db.execute(
            f"INSERT INTO referral ({_REFERRAL}) SELECT * FROM unnest($1::text[], $2::text[],"
            " $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[])"
            " ON CONFLICT (id) DO NOTHING",
            *([getattr(one, field.name) for one in referrals] for field in fields(Referral)),
        )

    async def by_ids(self, ids: Sequence[str]) -> Mapping[str, Referral]:
        """Return those of these clicks that are known, by id."""
        rows = await self._db.fetch_all(
            f"SELECT {_REFERRAL} FROM referral WHERE id = ANY($1::text[])", list(ids)
        )
        return {row["id"]: Referral(**row) for row in rows}


class Conversions:
    """The rows of reported conversions."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, conversions: Sequence[Conversion]) -> None:
        """Keep conversions; one that is there already stays as it was."""
        await self._db.execute(
            "INSERT INTO publication_telemetry (id, publisher_id, publication_id, item_id,"
            " program_id, click_id, order_reference, amount, currency, occurred_at, event_type)"
            " SELECT c.*, 'conversion' FROM unnest($1::text[], $2::text[], $3::text[],"
            " $4::text[], $5::text[], $6::text[], $7::text[], $8::numeric[], $9::text[],"
            " $10::timestamptz[]) AS c ON CONFLICT (id) DO NOTHING",
            *([getattr(one, field.name) for one in conversions] for field in fields(Conversion)),
        )

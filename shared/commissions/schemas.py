"""What staff and publishers see and send of commissions. Amounts are in minor units."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.publishers.models import Reference


def _code(text: str) -> str:
    if "\x00" in text or not (kept := text.strip()):
        raise ValueError("must be a discount code")
    return kept


class CodeContent(BaseModel):
    """A discount code that is to stand for a publisher."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"code": "READER10", "publisher_id": "pub_1", "program_id": "prg_1"}]
        },
    )

    code: Annotated[
        str,
        Field(max_length=255, description="As in Shopify; upper and lower case are the same."),
        AfterValidator(_code),
    ]
    publisher_id: Reference
    program_id: Reference


class CodeAssigned(BaseModel):
    """A discount code that stands or stood for a publisher."""

    id: str
    code: str
    publisher_id: str
    program_id: str
    created_at: datetime = Field(description="Orders from this instant on count.")
    created_by: str
    ended_at: datetime | None
    ended_by: str | None

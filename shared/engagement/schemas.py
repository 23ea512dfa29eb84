"""What pages and servers post, and what they are told of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from shared.telemetry import PublicationEventType

EVENTS_MAX: Final = 500
ITEMS_MAX: Final = 250
"""Distinct items in a request: each is read from the cache, and is one point of the counters."""

Visible = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")]


class EngagementEvent(BaseModel):
    """One interaction of a visitor with an item."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: PublicationEventType
    item_id: Annotated[str, Field(max_length=100, description="The `id` of a published item.")]
    event_id: Annotated[
        Visible | None,
        Field(
            description="Your own name for it. Sent again, with its time, it counts once in reports"
            " and earns once; live counters count every time."
        ),
    ] = None
    occurred_at: Annotated[
        AwareDatetime | None, Field(description="Not in the future, at most 7 days ago; now.")
    ] = None
    click_id: Annotated[
        str | None, Field(max_length=200, description="The click that led to it.")
    ] = None
    duration_ms: Annotated[int | None, Field(ge=0, le=86_400_000)] = None
    order_reference: Annotated[
        Visible | None,
        Field(description="Your own name for the order of a conversion; it counts once an item."),
    ] = None
    amount: Annotated[
        Decimal | None,
        Field(ge=0, max_digits=15, decimal_places=4, description="Of a conversion."),
    ] = None
    currency: Annotated[str | None, Field(pattern=r"^[A-Z]{3}$")] = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.amount is None) != (self.currency is None):
            raise ValueError("amount and currency belong together")
        if self.type != "conversion" and (self.amount, self.order_reference) != (None, None):
            raise ValueError("only a conversion has an amount or an order_reference")
        return self


class EventBatch(BaseModel):
    """A request with events of one publisher."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Annotated[
        str | None,
        Field(max_length=200, description="The key, where no header and no query can carry it."),
    ] = None
    events: Annotated[list[EngagementEvent], Field(min_length=1, max_length=EVENTS_MAX)]


Reason = Literal[
    "invalid",
    "unknown_item",
    "too_many_items",
    "in_the_future",
    "too_old",
    "forged_click",
    "secret_key_required",
]


class Verdict(BaseModel):
    """What became of one event."""

    index: int = Field(description="Its place in the request, from 0.")
    status: Literal["accepted", "refused"]
    event_id: str | None = Field(None, description="Names it in the stream.")
    click_id: str | None = Field(
        None, description="Of a click in a program: what the link into the shop has to carry."
    )
    reason: Reason | None = None
    detail: str | None = None


class EventsAnswer(BaseModel):
    """What became of all of them, in the order of the request."""

    accepted: int
    refused: int
    verdicts: list[Verdict]

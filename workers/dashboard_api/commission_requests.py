"""What the lists of commissions, payouts and discount codes are asked for."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.commissions.models import CommissionStatus, NothingBecause, PayoutStatus
from shared.commissions.schemas import Currency
from shared.http.pagination import PageParameters
from shared.publishers.models import Reference


class CommissionParameters(PageParameters):
    """The query parameters of the list of commissions."""

    publisher_id: Reference | None = None
    status: CommissionStatus | None = None
    currency: Currency | None = None
    order_id: Reference | None = None


class ConversionParameters(PageParameters):
    """The query parameters of the list of attributed orders."""

    publisher_id: Reference | None = None
    order_id: Reference | None = None
    earns_nothing_because: NothingBecause | None = None


class PayoutParameters(PageParameters):
    """The query parameters of the list of payouts."""

    publisher_id: Reference | None = None
    currency: Currency | None = None
    status: PayoutStatus | None = None
    has_reference: Annotated[
        bool | None,
        Field(
            description="Whether a reference is noted; a booked one without it is to be paid yet."
        ),
    ] = None


class CodeParameters(PageParameters):
    """The query parameters of the list of discount codes."""

    publisher_id: Annotated[Reference | None, Field(description="Whom they stand for.")] = None

"""Money: Decimal in the domain, int64 minor units with an ISO 4217 currency in events."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final

_EXPONENTS: Final = {
    **dict.fromkeys(
        (
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF",
            "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}  # fmt: skip

ZERO: Final = Decimal(0)


def exponent(currency: str) -> int:
    """Return the number of decimal digits of a currency (ISO 4217; 2 where not listed)."""
    return _EXPONENTS.get(currency, 2)


def to_minor(amount: Decimal, currency: str) -> int:
    """Return an amount in the currency's minor unit, rounded half to even."""
    return int(amount.scaleb(exponent(currency)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def from_minor(minor: int, currency: str) -> Decimal:
    """Return an amount of minor units as a Decimal of the currency's unit."""
    return Decimal(minor).scaleb(-exponent(currency))


def parse_amount(text: str | float | None) -> Decimal:
    """Parse an amount as Shopify writes it ("15.0", "15.00", 0.0, null), null being zero.

    Raises:
        ValueError: The text is no finite number.
    """
    if text is None:
        return ZERO
    try:
        amount = Decimal(str(text))
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not an amount of money") from error
    if not amount.is_finite():
        raise ValueError(f"{text!r} is not an amount of money")
    return amount

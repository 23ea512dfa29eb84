"""What happens to a generated order and when, without its goods: cheap enough to index a million.

Each event is drawn after those it depends on, and an event later than the anchor has not happened
yet; so cutting the future off leaves a consistent past.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from random import Random

from local.shopify.generate.randomness import stream

_TOPIC = 41
_HOUR, _DAY = 3_600, 86_400
_PAYMENTS = (
    (0.68, "sale"), (0.85, "capture"), (0.89, "pending"), (0.92, "paid_later"), (0.95, "retry"),
    (0.96, "free"), (0.97, "partial"), (0.98, "authorized"), (0.985, "expired"), (1.01, "split"),
)  # fmt: skip
_REFUNDS = (
    (0.25, "full"), (0.68, "partial"), (0.76, "no_money"), (0.86, "goodwill"), (0.93, "twice"),
    (1.01, "shipping"),
)  # fmt: skip
_RETURNS = (
    (0.2, "REQUESTED"), (0.4, "OPEN"), (0.8, "CLOSED"), (0.9, "DECLINED"), (1.01, "CANCELED"),
)  # fmt: skip
PAID = frozenset({"sale", "capture", "paid_later", "retry", "free", "partial", "split"})


@dataclass(slots=True)
class Lifecycle:
    """The instants of one order's life; None is what does not (or not yet) happen."""

    created_at: int
    payment: str = "sale"
    captured_at: int | None = None
    edit: str | None = None
    edited_at: int | None = None
    cancel: str | None = None
    cancelled_at: int | None = None
    shipping: str = "whole"
    failed_at: int | None = None
    shipped_at: int | None = None
    shipped_again_at: int | None = None
    delivered_at: int | None = None
    refund: str | None = None
    refunded_at: int | None = None
    refunded_again_at: int | None = None
    returning: str | None = None
    returned_at: int | None = None
    return_closed_at: int | None = None
    touched_at: int | None = None
    closed_at: int | None = None

    @property
    def updated_at(self) -> int:
        """Return the instant of the last event."""
        instants: list[int] = [getattr(self, name) or 0 for name in _INSTANTS]
        return max(instants)

    def cut(self, anchor: int) -> None:
        """Forget what would happen after the anchor."""
        for name in _INSTANTS:
            at = getattr(self, name)
            if at is not None and at > anchor:
                setattr(self, name, None)


_INSTANTS = tuple(field.name for field in fields(Lifecycle) if field.name.endswith("_at"))


def lifecycle(seed: int, index: int, created_at: int, anchor: int) -> Lifecycle:
    """Return the life of one order up to the anchor."""
    rng = stream(seed, _TOPIC, index)
    life = Lifecycle(created_at)
    _pay(life, rng)
    if rng.random() < 0.04:
        life.edit = rng.choice(("remove", "add", "swap"))
        life.edited_at = _last(life) + rng.randrange(600, 20 * _HOUR)
    if rng.random() < 0.035:
        _cancel(life, rng)
    else:
        _ship(life, rng)
        _give_back(life, rng)
    _finish(life, rng)
    life.cut(anchor)
    return life


def _choice(table: tuple[tuple[float, str], ...], rng: Random) -> str:
    drawn = rng.random()
    return next(name for bound, name in table if drawn < bound)


def _last(life: Lifecycle) -> int:
    return max(life.created_at, life.captured_at or 0, life.edited_at or 0)


def _pay(life: Lifecycle, rng: Random) -> None:
    life.payment = _choice(_PAYMENTS, rng)
    if life.payment in PAID:
        delay = {"capture": _DAY, "paid_later": 6 * _DAY}.get(life.payment, 0)
        life.captured_at = life.created_at + 2 + int(delay * rng.uniform(0.05, 1))


def _cancel(life: Lifecycle, rng: Random) -> None:
    life.cancel = rng.choice(("restock", "restock", "plain", "after_refund"))
    life.cancelled_at = _last(life) + rng.randrange(_HOUR, 5 * _DAY)
    if life.cancel == "after_refund" and life.captured_at:
        life.refund, life.refunded_at = "partial", life.cancelled_at
        life.cancelled_at += rng.randrange(60, _DAY)


def _ship(life: Lifecycle, rng: Random) -> None:
    drawn = rng.random()
    if drawn > 0.95 or (life.payment == "expired" and drawn > 0.1):
        return
    ready = _last(life) + int(rng.lognormvariate(0, 0.7) * _DAY)
    if drawn < 0.02:
        life.shipping, life.failed_at = "failed_first", ready
        ready += rng.randrange(_HOUR, _DAY)
    life.shipped_at = ready
    if 0.02 <= drawn < 0.07:
        life.shipping = "split"
        life.shipped_again_at = ready + rng.randrange(_DAY, 5 * _DAY)
    elif drawn < 0.08:
        life.shipping = "part"
    if rng.random() < 0.9:
        last = life.shipped_again_at or life.shipped_at
        life.delivered_at = last + rng.randrange(_DAY, 6 * _DAY)


def _give_back(life: Lifecycle, rng: Random) -> None:
    if life.captured_at is None or life.payment == "free":
        return
    if life.shipped_at and rng.random() < 0.04:
        _bring_back(life, rng)
    elif rng.random() < 0.08:
        life.refund = _choice(_REFUNDS, rng)
        after = life.shipped_at or _last(life)
        if life.shipped_at and rng.random() < 0.15:  # units that never leave the warehouse
            after = _last(life) + rng.randrange(60, _HOUR)
            delay = after + _HOUR - life.shipped_at
            _postpone(life, max(delay, 0))
            life.refunded_at = after
        else:
            life.refunded_at = after + rng.randrange(_HOUR, 30 * _DAY)
        if life.refund == "twice":
            life.refunded_again_at = life.refunded_at + rng.randrange(_HOUR, 9 * _DAY)


def _postpone(life: Lifecycle, delay: int) -> None:
    for name in ("shipped_at", "shipped_again_at", "delivered_at"):
        if (at := getattr(life, name)) is not None:
            setattr(life, name, at + delay)


def _bring_back(life: Lifecycle, rng: Random) -> None:
    shipped = life.shipped_again_at or life.shipped_at or life.created_at
    life.returning = _choice(_RETURNS, rng)
    life.returned_at = shipped + rng.randrange(3 * _DAY, 20 * _DAY)
    if life.returning in {"CLOSED", "CANCELED"}:
        life.return_closed_at = life.returned_at + rng.randrange(_DAY, 9 * _DAY)
    if life.returning == "CLOSED":
        life.refund, life.refunded_at = "return", life.return_closed_at


def _finish(life: Lifecycle, rng: Random) -> None:
    if rng.random() < 0.05:
        life.touched_at = life.created_at + rng.randrange(_HOUR, 40 * _DAY)
    done = life.shipped_at is not None and life.captured_at is not None
    if rng.random() < (0.7 if done else 0.03):
        life.closed_at = life.updated_at + rng.randrange(60, 3 * _DAY)

"""Plays a generated order's life: payments, edits, shipments, refunds, returns, cancellation."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from local.shopify import actions
from local.shopify.generate import goods
from local.shopify.generate.demand import Demand
from local.shopify.generate.lifecycle import Lifecycle
from local.shopify.generate.people import Place
from local.shopify.money import minus, part_of, share
from local.shopify.orders import Line, Order
from local.shopify.totals import order_totals


class History:
    """One order's life, event by event in the order of time."""

    def __init__(
        self,
        order: Order,
        life: Lifecycle,
        *,
        place: Place,
        demand: Demand,
        day: int,
        rng: Random,
    ) -> None:
        self.order, self.life, self.place = order, life, place
        self.demand, self.day, self.rng = demand, day, rng

    def play(self) -> None:
        """Let everything happen that the life says."""
        self._pay()
        life = self.life
        events: list[tuple[int | None, Callable[[int], object]]] = [
            (life.edited_at, self._edit),
            (life.failed_at, self._fail),
            (life.shipped_at, self._ship),
            (life.shipped_again_at, self._ship_rest),
            (life.returned_at, self._return),
            (life.refunded_at, self._refund),
            (life.refunded_again_at, self._partial),
            (life.cancelled_at, self._cancel),
        ]
        happened = [(at, event) for at, event in events if at is not None]
        for at, event in sorted(happened, key=lambda pair: pair[0]):
            event(at)
        self._finish()

    def _pay(self) -> None:
        order, life = self.order, self.life
        total, at = order_totals(order).total, life.created_at + 1
        if not total.shop:
            return
        paid = life.captured_at
        if life.payment in {"capture", "authorized", "expired"}:
            opened = actions.pay(order, "AUTHORIZATION", total, life.created_at)
            if paid:
                actions.pay(order, "CAPTURE", total, paid, parent=opened)
        elif life.payment == "retry":
            code = "CARD_DECLINED"
            actions.pay(order, "SALE", total, life.created_at, status="FAILURE", error_code=code)
        elif life.payment in {"pending", "paid_later"}:
            actions.pay(order, "SALE", total, life.created_at, status="PENDING", gateway="manual")
        if not paid or life.payment == "capture":
            return
        first = part_of(total, {"partial": 5, "split": 3}.get(life.payment, 10), 10)
        actions.pay(order, "SALE", first, paid)
        if life.payment == "split":
            actions.pay(order, "SALE", minus(total, first), min(at, paid), gateway="gift_card")

    def _edit(self, at: int) -> None:
        order, kind = self.order, self.life.edit
        if kind in {"remove", "swap"}:
            line = order.lines[self.rng.randrange(len(order.lines))]
            if len(order.lines) > 1 or line.quantity > 1:
                most = line.quantity if len(order.lines) > 1 else line.quantity - 1
                actions.remove_units(order, line, self.rng.randrange(1, most + 1), at)
        if kind in {"add", "swap"}:
            line = goods.draw_line(order, len(order.lines), self.demand, self.day, self.rng)
            goods.tax_line(order, line, self.place)
            actions.add_line(order, line, at)
            owed = order_totals(order).outstanding
            if self.life.captured_at and owed.shop and self.rng.random() < 0.7:
                actions.pay(order, "SALE", owed, at)

    def _fail(self, at: int) -> None:
        actions.ship(self.order, actions.waiting(self.order), at, status="CANCELLED")

    def _ship(self, at: int) -> None:
        order, life = self.order, self.life
        units = actions.waiting(order)
        if life.shipping in {"split", "part"} and sum(count for _, count in units) > 1:
            line, count = units[0]
            units = [(line, count - 1)] if len(units) == 1 else units[: len(units) // 2]
        if (shipment := actions.ship(order, units, at)) is not None and life.delivered_at:
            shipment.in_transit_at = min(at + 3_600, life.delivered_at)
            shipment.delivered_at = shipment.updated_at = life.delivered_at
            shipment.display_status = "DELIVERED"

    def _ship_rest(self, at: int) -> None:
        actions.ship(self.order, actions.waiting(self.order), at)

    def _return(self, at: int) -> None:
        life, order = self.life, self.order
        shipments = [one for one in order.fulfillments if one.status == "SUCCESS"]
        shipped = [p for one in shipments for p in one.lines if p.line.requires_shipping]
        if not shipped:
            return
        chosen = self.rng.sample(shipped, min(self.rng.choice((1, 1, 2)), len(shipped)))
        is_final = life.return_closed_at is not None or life.returning in {"REQUESTED", "DECLINED"}
        status = life.returning if is_final and life.returning else "OPEN"
        units = [(part, self.rng.randrange(1, part.quantity + 1)) for part in chosen]
        brought = actions.request_return(order, units, at, "OPEN" if status == "CLOSED" else status)
        if status == "CANCELED":
            brought.closed_at = life.return_closed_at

    def _refund(self, at: int) -> None:
        kinds: dict[str | None, Callable[[int], object]] = {
            "full": lambda at: actions.refund_everything(self.order, at, note="wrong size"),
            "partial": self._partial,
            "twice": self._partial,
            "no_money": lambda at: actions.refund(
                self.order, self._some_units(), at, with_money=False, note="Replacement sent 📦"
            ),
            "goodwill": self._goodwill,
            "shipping": self._shipping,
            "return": self._close_return,
        }
        kinds[self.life.refund](at)

    def _partial(self, at: int) -> None:
        actions.refund(self.order, self._some_units(), at)

    def _some_units(self) -> list[tuple[Line, int]]:
        left = [line for line in self.order.lines if line.current > 0]
        chosen = self.rng.sample(left, min(self.rng.choice((1, 1, 1, 2)), len(left)))
        return [(line, self.rng.randrange(1, line.current + 1)) for line in chosen]

    def _goodwill(self, at: int) -> None:
        amount = share(order_totals(self.order).total.shop, 1, self.rng.choice((5, 10)))
        actions.goodwill(self.order, max(amount, 100), at, "Sorry for the delay")

    def _shipping(self, at: int) -> None:
        shipping = order_totals(self.order).current_shipping
        actions.refund(self.order, (), at, shipping=shipping)

    def _close_return(self, at: int) -> None:
        if self.order.returns:
            actions.close_return(self.order, self.order.returns[-1], at)

    def _cancel(self, at: int) -> None:
        if self.life.cancel == "after_refund":
            self.order.cancelled_at, self.order.cancel_reason = at, "INVENTORY"
            return
        reason = self.rng.choice(("CUSTOMER", "FRAUD", "INVENTORY", "OTHER", "STAFF", "DECLINED"))
        actions.cancel(self.order, at, reason, restock=self.life.cancel == "restock")

    def _finish(self) -> None:
        order, life = self.order, self.life
        gifts = [(line, line.current) for line in order.lines if line.is_gift_card]
        if gifts and life.captured_at and not life.cancelled_at:
            actions.ship(order, gifts, life.captured_at)
        if life.payment == "expired" and not order.cancelled_at:
            order.financial_override = "EXPIRED"
        if life.touched_at:
            order.tags.append("reviewed")
        order.closed_at = life.closed_at
        order.updated_at = max(order.updated_at, life.updated_at)

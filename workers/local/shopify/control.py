"""`/_emulator`: how tests read the whole truth, change the shop, make trouble and move time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from local.shopify.catalogue import Product
from local.shopify.orders import Order, Refund
from local.shopify.rest.orders import order_body
from local.shopify.rest.products import product_body
from local.shopify.truth import all_orders, all_products, order_truth, product_truth
from shared.clock import FixedClock, format_instant, parse_instant
from shared.errors import BadRequest, DomainError
from shared.ports import JsonObject

if TYPE_CHECKING:
    from local.shopify.app import Emulator

Action = Callable[..., object]


class UnknownRequest(BadRequest):
    """The controls do not know this."""


def control_routes(emulator: Emulator) -> list[Route]:
    """Return the routes of the controls."""
    controls = Controls(emulator)
    return [
        Route("/_emulator/orders", controls.orders),
        Route("/_emulator/products", controls.products),
        Route("/_emulator/state", controls.state),
        Route("/_emulator/webhooks", controls.deliveries, methods=["GET"]),
        Route("/_emulator/webhooks", _reports(controls.send_webhook), methods=["POST"]),
        Route("/_emulator/faults", _reports(controls.set_faults), methods=["POST"]),
        Route("/_emulator/clock", _reports(controls.set_clock), methods=["POST"]),
        Route("/_emulator/tokens", _reports(controls.set_tokens), methods=["POST"]),
        Route("/_emulator/changes", _reports(controls.change), methods=["POST"]),
    ]


def _reports(
    act: Callable[[JsonObject], JsonObject],
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return _json(act(orjson.loads(await request.body() or b"{}")))
        except (KeyError, TypeError, ValueError) as error:
            return _json({"error": f"{type(error).__name__}: {error}"}, 400)
        except DomainError as error:
            return _json({"error": error.title(), "detail": error.detail}, error.status)

    return endpoint


def _json(body: JsonObject, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _lines(rows: Iterator[JsonObject]) -> StreamingResponse:
    async def stream() -> AsyncIterator[bytes]:
        for row in rows:
            yield orjson.dumps(row) + b"\n"

    return StreamingResponse(stream(), media_type="application/jsonl")


class Controls:
    """The endpoints of the controls."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator, self._store = emulator, emulator.store
        changes = emulator.api.changes
        self._actions: dict[str, Action] = {
            "add_order": changes.add_order,
            "update": changes.update,
            "cancel": changes.cancel,
            "refund": changes.refund,
            "edit": changes.edit,
            "ship": changes.ship,
            "request_return": changes.request_return,
            "approve_return": changes.approve_return,
            "exchange": changes.exchange,
            "close_return": changes.close_return,
            "delete": changes.delete,
            "add_product": changes.add_product,
            "update_product": changes.update_product,
            "delete_product": changes.delete_product,
            "delete_variant": changes.delete_variant,
        }

    async def orders(self, _: Request) -> Response:
        """Stream the whole truth, one order per line."""
        return _lines(all_orders(self._store))

    async def products(self, _: Request) -> Response:
        """Stream every product, one per line."""
        return _lines(all_products(self._store))

    async def state(self, _: Request) -> Response:
        """Say how the emulator stands."""
        shop, api = self._store.shop, self._emulator.api
        return _json(
            {
                "now": format_instant(self._store.clock.now()),
                "shop": {
                    "domain": shop.domain,
                    "timezone": shop.timezone,
                    "currency": shop.currency,
                },
                "orders": self._store.count(),
                "products": len(self._store.products),
                "faults_taken": {fault.value: n for fault, n in api.faults.taken.items()},
                "bulk_operations": [
                    {"id": one.gid, "status": one.status} for one in api.operations.all()
                ],
            }
        )

    async def deliveries(self, _: Request) -> Response:
        """List every webhook sent so far with the answers it got."""
        return _json(
            {
                "deliveries": [
                    {
                        "topic": one.topic,
                        "uri": one.uri,
                        "webhook_id": one.webhook_id,
                        "event_id": one.headers["X-Shopify-Event-Id"],
                        "statuses": one.statuses,
                        "is_delivered": one.is_delivered,
                    }
                    for one in self._emulator.api.webhooks.log
                ]
            }
        )

    def set_faults(self, body: JsonObject) -> JsonObject:
        """`{"inject": {fault: times}, "chance": {fault: probability}, "clear": true}`."""
        faults = self._emulator.faults
        if body.get("clear"):
            faults.clear()
        for name, times in body.get("inject", {}).items():
            faults.inject(name, times)
        for name, probability in body.get("chance", {}).items():
            faults.chance(name, probability)
        return {"taken": {fault.value: count for fault, count in faults.taken.items()}}

    def set_clock(self, body: JsonObject) -> JsonObject:
        """`{"at": instant}` or `{"advance_seconds": n}`: from then on time stands still."""
        clock = self._store.clock
        if not isinstance(clock, FixedClock):
            clock = self._store.clock = FixedClock(clock.now())
        if "at" in body:
            clock.at = parse_instant(body["at"])
        clock.advance(timedelta(seconds=body.get("advance_seconds", 0)))
        return {"now": format_instant(clock.now())}

    def set_tokens(self, body: JsonObject) -> JsonObject:
        """`{"accept": token}` or `{"revoke": token}`."""
        if "accept" in body:
            self._emulator.tokens[body["accept"]] = None
        self._emulator.tokens.pop(body.get("revoke", ""), None)
        return {"accepted": len(self._emulator.tokens)}

    def change(self, body: JsonObject) -> JsonObject:
        """`{"action": name, ...arguments}`; see ShopChanges. With `"silent": true`, no webhooks."""
        arguments = dict(body)
        webhooks = self._emulator.api.webhooks
        act = self._actions.get(arguments.pop("action", ""))
        if act is None:
            raise UnknownRequest(f"actions: {', '.join(self._actions)}")
        webhooks.muted = bool(arguments.pop("silent", False))
        try:
            result = act(**arguments)
        finally:
            webhooks.muted = False
        if isinstance(result, Order):
            return {"order": order_truth(result)}
        if isinstance(result, Product):
            return {"product": product_truth(result)}
        return {"refund_id": result.id if isinstance(result, Refund) else None}

    def send_webhook(self, body: JsonObject) -> JsonObject:
        """Send a message: `topic` with `order_id`, `product_id` or `body`, and maybe a `uri`."""
        webhooks, topic = self._emulator.api.webhooks, body["topic"]
        message = body.get("body")
        if message is None and "product_id" in body:
            product = self._emulator.api.changes.product(body["product_id"])
            message = product_body(product, self._store)
        elif message is None:
            order = self._store.order_by_id(body["order_id"])
            if order is None:
                raise UnknownRequest(f"there is no order {body['order_id']}")
            message = order_body(order, self._store)
        if "uri" in body:
            return {"webhook_id": webhooks.send(topic, message, body["uri"]).webhook_id}
        return {"event_id": webhooks.emit(topic, message)}

"""Changes of the running shop, each with the webhooks that Shopify sends for it."""

from __future__ import annotations

from collections.abc import Sequence

from local.shopify import actions
from local.shopify.bulk.operations import BulkOperation
from local.shopify.catalogue import Product
from local.shopify.generate import goods
from local.shopify.instants import local_text, utc_text
from local.shopify.money import Bag, Currencies
from local.shopify.novelties import new_order, new_product
from local.shopify.orders import Line, Order, Refund, Transaction
from local.shopify.rest import parts
from local.shopify.rest.orders import order_body, return_body
from local.shopify.rest.products import product_body
from local.shopify.store import Store
from local.shopify.totals import fulfillment_status, order_totals
from local.shopify.webhooks.delivery import Deliveries
from shared.errors import NotFound
from shared.ports import JsonObject


class NoSuchOrder(NotFound):
    """The shop has no order with this id."""


class NoSuchProduct(NotFound):
    """The shop has no product with this id."""


class ShopChanges:
    """What staff, buyers and couriers do while the emulator runs."""

    def __init__(self, store: Store, webhooks: Deliveries) -> None:
        self._store, self._webhooks = store, webhooks

    # --- orders
    def order(self, order_id: int) -> Order:
        """Return an order to be changed; its updated_at has moved to now.

        Raises:
            NoSuchOrder: There is none with this id.
        """
        found = self._store.order_by_id(order_id)
        if found is None:
            raise NoSuchOrder(str(order_id))
        return self._store.change(found)

    def add_order(
        self,
        lines: Sequence[tuple[int, int]],
        *,
        test: bool = False,
        email: str | None = None,
        attributes: Sequence[tuple[str, str]] = (),
        presentment: tuple[str, int] | None = None,
    ) -> Order:
        """Place a paid order.

        Args:
            lines: Variant ids and quantities.
            test: Whether it is a test order.
            email: The buyer's address.
            attributes: Names and values that the cart carried, such as a click id.
            presentment: The buyer's currency if it is another, and how many of its minor units a
                million of the shop's buy.
        """
        now, index = self._store.now(), self._store.next_index
        order = new_order(self._store, index, now, test=test, email=email)
        order.custom_attributes = tuple((name, value) for name, value in attributes)
        if presentment is not None:
            order.currencies = Currencies(order.currencies.shop, *presentment)
        for variant_id, quantity in lines:
            order.lines.append(self._new_line(order, variant_id, quantity))
        actions.pay(order, "SALE", order_totals(order).total, now)
        self._store.add(order)
        event = self._tell("orders/create", order)
        self._tell("orders/paid", order, event)
        self._tell_transactions(order, order.transactions, event)
        return order

    def update(self, order_id: int, **values: object) -> Order:
        """Set attributes of an order such as note, tags or po_number."""
        order = self.order(order_id)
        for name, value in values.items():
            setattr(order, name, value)
        self._tell("orders/updated", order)
        return order

    def cancel(self, order_id: int, *, restock: bool = True, reason: str = "CUSTOMER") -> Order:
        """Cancel an order."""
        order = self.order(order_id)
        before = len(order.refunds)
        actions.cancel(order, self._store.now(), reason, restock=restock)
        event = self._tell("orders/cancelled", order)
        for refund in order.refunds[before:]:
            self._tell_refund(order, refund, event)
        self._tell("orders/updated", order, event)
        return order

    def refund(
        self,
        order_id: int,
        units: Sequence[tuple[int, int]] = (),
        *,
        with_money: bool = True,
        extra_minor: int = 0,
    ) -> Refund | None:
        """Refund units of lines (line id, quantity) and goodwill money."""
        order = self.order(order_id)
        chosen = [(_line(order, line_id), count) for line_id, count in units]
        extra = Bag(extra_minor, extra_minor, order.currencies)
        made = actions.refund(order, chosen, self._store.now(), with_money=with_money, extra=extra)
        if made is not None:
            event = self._tell_refund(order, made, None)
            self._tell("orders/updated", order, event)
        return made

    def edit(
        self,
        order_id: int,
        *,
        remove: Sequence[tuple[int, int]] = (),
        add: Sequence[tuple[int, int]] = (),
    ) -> Order:
        """Take units of lines (line id, quantity) out and put variants (id, quantity) in."""
        order, now = self.order(order_id), self._store.now()
        for line_id, count in remove:
            actions.remove_units(order, _line(order, line_id), count, now)
        for variant_id, count in add:
            actions.add_line(order, self._new_line(order, variant_id, count), now)
        event = self._webhooks.emit("orders/edited", _edit_body(order, self._store))
        self._tell("orders/updated", order, event)
        return order

    def ship(self, order_id: int, units: Sequence[tuple[int, int]] | None = None) -> Order:
        """Ship units of lines, or all that waits."""
        order = self.order(order_id)
        chosen = (
            actions.waiting(order)
            if units is None
            else [(_line(order, line_id), count) for line_id, count in units]
        )
        shipment = actions.ship(order, chosen, self._store.now())
        if shipment is not None:
            body = parts.fulfillment(shipment, order, self._store)
            event = self._webhooks.emit("fulfillments/create", body)
            is_whole = fulfillment_status(order) == "FULFILLED"
            self._tell(
                "orders/fulfilled" if is_whole else "orders/partially_fulfilled", order, event
            )
            self._tell("orders/updated", order, event)
        return order

    def request_return(self, order_id: int, units: Sequence[tuple[int, int]]) -> Order:
        """Ask to return shipped units of lines."""
        order = self.order(order_id)
        shipped = {p.line.id: p for one in order.fulfillments for p in one.lines}
        chosen = [(shipped[line_id], count) for line_id, count in units]
        made = actions.request_return(order, chosen, self._store.now(), "REQUESTED")
        self._webhooks.emit("returns/request", return_body(made, order, self._store))
        return order

    def approve_return(self, order_id: int) -> Order:
        """Open the order's last return."""
        order = self.order(order_id)
        actions.approve_return(order.returns[-1], self._store.now())
        body = return_body(order.returns[-1], order, self._store)
        event = self._webhooks.emit("returns/approve", body)
        self._tell("orders/updated", order, event)
        return order

    def exchange(self, order_id: int, units: Sequence[tuple[int, int]]) -> Order:
        """Send variants (id, quantity) in exchange for what the order's last return brings."""
        order = self.order(order_id)
        brought = order.returns[-1]
        for variant_id, count in units:
            line = self._new_line(order, variant_id, count)
            actions.exchange(order, brought, line, self._store.now())
        body = return_body(brought, order, self._store)
        event = self._webhooks.emit("returns/process", body)
        self._tell("orders/updated", order, event)
        return order

    def close_return(self, order_id: int) -> Order:
        """Take the order's last return back and refund it."""
        order = self.order(order_id)
        made = actions.close_return(order, order.returns[-1], self._store.now())
        body = return_body(order.returns[-1], order, self._store)
        event = self._webhooks.emit("returns/close", body)
        if made is not None:
            self._tell_refund(order, made, event)
        self._tell("orders/updated", order, event)
        return order

    def delete(self, order_id: int) -> None:
        """Delete an order; only a webhook tells."""
        order = self.order(order_id)
        self._store.delete(order)
        self._webhooks.emit("orders/delete", {"id": order.id})

    # --- products
    def product(self, product_id: int) -> Product:
        """Return a product.

        Raises:
            NoSuchProduct: There is none with this id.
        """
        if (found := self._store.product(product_id)) is None:
            raise NoSuchProduct(str(product_id))
        return found

    def add_product(
        self,
        title: str,
        *,
        price_minor: int = 1_000,
        sku: str | None = None,
        status: str = "ACTIVE",
    ) -> Product:
        """Put a product with one variant on sale."""
        product = new_product(self._store, title, price_minor, sku, status)
        self._store.products[product.id] = product
        self._webhooks.emit("products/create", product_body(product, self._store))
        return product

    def update_product(self, product_id: int, **values: object) -> Product:
        """Set attributes of a product such as title, status or tags."""
        product = self.product(product_id)
        for name, value in values.items():
            setattr(product, name, value)
        self._store.touch(product)
        self.product_changed(product)
        return product

    def delete_product(self, product_id: int) -> None:
        """Delete a product; lines that sold it lose their reference."""
        product = self.product(product_id)
        self._store.delete_product(product)
        self._webhooks.emit("products/delete", {"id": product.id})

    def delete_variant(self, variant_id: int) -> None:
        """Delete a variant of a product."""
        variant = self._store.find_variant(variant_id)
        if variant is None:
            raise NoSuchProduct(str(variant_id))
        self._store.delete_variant(variant.product, variant)
        self.product_changed(variant.product)

    def product_changed(self, product: Product) -> None:
        """Tell subscribers of products/update."""
        self._webhooks.emit("products/update", product_body(product, self._store))

    # --- operations
    def bulk_finished(self, operation: BulkOperation) -> None:
        """Tell subscribers of bulk_operations/finish, in its lower-case words."""
        self._webhooks.emit(
            "bulk_operations/finish",
            {
                "admin_graphql_api_id": operation.gid,
                "completed_at": utc_text(operation.completed_at),
                "created_at": utc_text(operation.created_at),
                "error_code": parts.lower(operation.error_code),
                "status": operation.status.lower(),
                "type": "query",
            },
        )

    def _new_line(self, order: Order, variant_id: int, quantity: int) -> Line:
        variant = self._store.find_variant(variant_id)
        if variant is None:
            raise NoSuchProduct(str(variant_id))
        number = len(order.lines)
        return goods.product_line(order, number, variant.product, variant, quantity, free=False)

    # --- telling
    def _tell(self, topic: str, order: Order, event: str | None = None) -> str:
        return self._webhooks.emit(topic, order_body(order, self._store), event=event)

    def _tell_refund(self, order: Order, refund: Refund, event: str | None) -> str:
        body = parts.refund(refund, order, self._store)
        event = self._webhooks.emit("refunds/create", body, event=event)
        self._tell_transactions(order, refund.transactions, event)
        return event

    def _tell_transactions(
        self, order: Order, transactions: Sequence[Transaction], event: str
    ) -> None:
        for one in transactions:
            body = parts.transaction(one, order, self._store.shop)
            self._webhooks.emit("order_transactions/create", body, event=event)


def _line(order: Order, line_id: int) -> Line:
    found = next((line for line in order.lines if line.id == line_id), None)
    if found is None:
        raise NoSuchOrder(f"line {line_id}")
    return found


def _edit_body(order: Order, store: Store) -> JsonObject:
    edit = order.edits[-1] if order.edits else None
    return {
        "order_edit": {
            "id": order.id + len(order.edits),
            "order_id": order.id,
            "created_at": local_text(edit.at if edit else order.updated_at, store.shop.timezone),
            "line_items": {
                "additions": _deltas([(x, x.quantity) for x in edit.added] if edit else []),
                "removals": _deltas(edit.removed if edit else []),
            },
        }
    }


def _deltas(pairs: Sequence[tuple[Line, int]]) -> list[JsonObject]:
    return [{"id": line.id, "delta": count} for line, count in pairs]

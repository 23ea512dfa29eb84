"""The emulated shop: a source of orders that never changes, and what was changed since."""

from __future__ import annotations

import copy
import heapq
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Protocol

from local.shopify.catalogue import Product, Shop, Variant
from local.shopify.orders import Order
from shared.clock import Clock, SystemClock


class OrderSource(Protocol):
    """Where a shop's orders come from: the generator or an imported file."""

    shop: Shop
    size: int

    @property
    def products(self) -> list[Product]:
        """The whole catalogue, products that are gone included."""
        ...

    def index_of(self, order_id: int) -> int | None:
        """Return the index of an order id, or None."""
        ...

    def created_at(self, index: int) -> int:
        """Return when an order was made."""
        ...

    def updated_at(self, index: int) -> int:
        """Return when an order last changed."""
        ...

    def order(self, index: int) -> Order:
        """Return an order; it is not to be changed."""
        ...


class Store:
    """A shop that can be read like Shopify and changed by tests."""

    def __init__(self, source: OrderSource, clock: Clock | None = None) -> None:
        self.source, self.shop = source, source.shop
        self.clock: Clock = clock or SystemClock()
        # Copies: a line keeps the title that its product had when it was bought.
        self.products = {p.id: copy.copy(p) for p in source.products if not p.is_deleted}
        self._changed: dict[int, Order] = {}
        self._deleted: set[int] = set()
        self._gone_products: set[int] = set()
        self._gone_variants: set[int] = set()
        self._next = source.size
        self._by_updated: tuple[array[int], array[int]] | None = None

    # --- reading
    def now(self) -> int:
        """Return the shop's time."""
        return int(self.clock.now().timestamp())

    def product(self, product_id: int | None) -> Product | None:
        """Return a product that still exists."""
        return None if product_id is None else self.products.get(product_id)

    def variant(self, product_id: int | None, variant_id: int | None) -> Variant | None:
        """Return a variant that still exists."""
        product = self.product(product_id)
        if product is None or variant_id in product.deleted_variants:
            return None
        return next((one for one in product.variants if one.id == variant_id), None)

    def find_variant(self, variant_id: int) -> Variant | None:
        """Return a variant by its own id."""
        for product in self.products.values():
            if (variant := self.variant(product.id, variant_id)) is not None:
                return variant
        return None

    def order(self, index: int) -> Order | None:
        """Return an order, or None when it was deleted or never existed."""
        if index in self._deleted or not 0 <= index < self._next:
            return None
        order = self._changed.get(index)
        order = self.source.order(index) if order is None else order
        if self._gone_products or self._gone_variants:
            self._forget_products(order)
        return order

    def order_by_id(self, order_id: int) -> Order | None:
        """Return an order by Shopify's number."""
        if (index := self.source.index_of(order_id)) is not None:
            return self.order(index)
        return next(
            (o for i, o in self._changed.items() if o.id == order_id and self.order(i)), None
        )

    def count(self) -> int:
        """Return how many orders there are."""
        return self._next - len(self._deleted)

    def updated_at(self, index: int) -> int:
        """Return when an order last changed."""
        changed = self._changed.get(index)
        return self.source.updated_at(index) if changed is None else changed.updated_at

    def created_at(self, index: int) -> int:
        """Return when an order was made."""
        changed = self._changed.get(index)
        return self.source.created_at(index) if changed is None else changed.created_at

    def by_created(self) -> Iterator[int]:
        """Yield the indexes of all orders, oldest first."""
        return (index for index in range(self._next) if index not in self._deleted)

    def by_updated(self, since: int | None, until: int | None) -> Iterator[tuple[int, int]]:
        """Yield (index, updated_at) of what changed in `[since, until]`, longest ago first."""
        times, indexes = self._update_index()
        start = 0 if since is None else bisect_left(times, since)
        stop = len(times) if until is None else bisect_right(times, until)
        untouched = (
            (times[place], indexes[place])
            for place in range(start, stop)
            if indexes[place] not in self._changed
        )
        changed = sorted((order.updated_at, index) for index, order in self._changed.items())
        waiting = (
            (at, index)
            for at, index in changed
            if (since is None or at >= since) and (until is None or at <= until)
        )
        for at, index in heapq.merge(untouched, waiting):
            if index not in self._deleted:
                yield index, at

    def _update_index(self) -> tuple[array[int], array[int]]:
        if self._by_updated is None:
            times = array("q", map(self.source.updated_at, range(self.source.size)))
            order = sorted(range(self.source.size), key=times.__getitem__)
            self._by_updated = array("q", map(times.__getitem__, order)), array("q", order)
        return self._by_updated

    def _forget_products(self, order: Order) -> None:
        for line in order.lines:
            if line.product_id in self._gone_products:
                line.product_id = line.variant_id = None
            elif line.variant_id in self._gone_variants:
                line.variant_id = None

    # --- changing
    def change(self, order: Order) -> Order:
        """Return the order's changeable copy and move its updated_at to now."""
        if order.index not in self._changed:
            self._changed[order.index] = copy.deepcopy(order)
        mine = self._changed[order.index]
        mine.updated_at = max(self.now(), mine.updated_at)
        return mine

    def add(self, order: Order) -> None:
        """Add a new order; its index is `next_index`."""
        self._changed[order.index] = order
        self._next = max(self._next, order.index + 1)

    @property
    def next_index(self) -> int:
        """The index of the next new order."""
        return self._next

    def delete(self, order: Order) -> None:
        """Remove an order without leaving a trace."""
        self._deleted.add(order.index)

    def delete_product(self, product: Product) -> None:
        """Remove a product; lines that sold it lose their reference."""
        self.products.pop(product.id, None)
        self._gone_products.add(product.id)

    def delete_variant(self, product: Product, variant: Variant) -> None:
        """Remove a variant of a product."""
        product.variants.remove(variant)
        self._gone_variants.add(variant.id)
        self.touch(product)

    def touch(self, product: Product) -> None:
        """Move a product's updated_at to now."""
        product.updated_at = max(self.now(), product.updated_at)

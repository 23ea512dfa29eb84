"""Mutations of products: tags, and metafields with compare digests."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.shopify.catalogue import Metafield, Product
from local.shopify.generate.products import metafield_digest
from local.shopify.queries.order_fields import OrderView
from local.shopify.store import Store
from shared.ids import gid_number
from shared.ports import JsonObject

MAXIMUM_METAFIELDS = 25
_STALE = (
    "The resource has been updated since it was loaded. "
    "Try again with an updated `compareDigest` value."
)
_MISSING_DIGEST = "The metafield does not exist, so `compareDigest` must be null."


def tags_add(store: Store, node: object, tags: list[str]) -> JsonObject:
    """Add tags that the object does not have, whatever their case."""
    return _change_tags(store, node, tags, is_added=True)


def tags_remove(store: Store, node: object, tags: list[str]) -> JsonObject:
    """Remove tags, whatever their case."""
    return _change_tags(store, node, tags, is_added=False)


def _change_tags(store: Store, node: object, tags: list[str], *, is_added: bool) -> JsonObject:
    if isinstance(node, Product):
        current = node.tags
    elif isinstance(node, OrderView):
        node = OrderView(store.change(node.order))
        current = node.order.tags
    else:
        return {"node": None, "userErrors": [_error(["id"], "Resource does not exist", None)]}
    given = {tag.lower() for tag in tags}
    known = {tag.lower() for tag in current}
    before = list(current)
    if is_added:
        current += [tag for tag in dict.fromkeys(tags) if tag and tag.lower() not in known]
    else:
        current[:] = [tag for tag in current if tag.lower() not in given]
    if isinstance(node, Product) and current != before:
        store.touch(node)
    return {"node": node, "userErrors": []}


@dataclass(slots=True)
class _Write:
    """One metafield as it would be written."""

    owner: Product
    namespace: str
    key: str
    kind: str
    value: str
    existing: Metafield | None = field(default=None)


def metafields_set(store: Store, arguments: JsonObject) -> JsonObject:
    """Write up to 25 metafields, all or none."""
    inputs = arguments["metafields"]
    if len(inputs) > MAXIMUM_METAFIELDS:
        text = f"Exceeded the maximum metafields input limit of {MAXIMUM_METAFIELDS}."
        error = _error(["metafields"], text, "LESS_THAN_OR_EQUAL_TO")
        return {"metafields": None, "userErrors": [error]}
    writes: list[_Write] = []
    for position, given in enumerate(inputs):
        found = _check(store, given, str(position))
        if isinstance(found, dict):
            return {"metafields": [], "userErrors": [found]}
        writes.append(found)
    return {"metafields": [_apply(store, write) for write in writes], "userErrors": []}


def _check(store: Store, given: JsonObject, position: str) -> _Write | JsonObject:
    place = ["metafields", position]
    try:
        owner = store.product(gid_number(given["ownerId"]))
    except ValueError:
        owner = None
    if owner is None:
        return _error([*place, "ownerId"], "Owner does not exist.", "INVALID_VALUE")
    namespace = given.get("namespace") or "app--1354745"
    existing = _find(owner, namespace, given["key"])
    kind = given.get("type") or (existing.type if existing else "")
    if not kind:
        return _error([*place, "type"], "Type can't be blank", "BLANK")
    if existing is None or (existing.type, existing.value) != (kind, given["value"]):
        problem = _digest_problem(given, existing)
        if problem is not None:
            return _error(place, *problem)
    return _Write(owner, namespace, given["key"], kind, given["value"])


def _digest_problem(given: JsonObject, existing: Metafield | None) -> tuple[str, str] | None:
    if "compareDigest" not in given:
        return None
    digest = given["compareDigest"]
    if existing is None:
        return None if digest is None else (_MISSING_DIGEST, "INVALID_COMPARE_DIGEST")
    return None if digest == existing.digest else (_STALE, "STALE_OBJECT")


def _apply(store: Store, write: _Write) -> Metafield:
    digest, now = metafield_digest(write.kind, write.value), store.now()
    found = _find(write.owner, write.namespace, write.key)
    if found is None:
        number = write.owner.id + 40_000_000_000_000 + len(write.owner.metafields)
        found = Metafield(
            number, write.namespace, write.key, write.kind, write.value, digest, now, now
        )
        write.owner.metafields.append(found)
    elif found.digest != digest:
        found.type, found.value, found.digest, found.updated_at = (
            write.kind,
            write.value,
            digest,
            now,
        )
    return found


def _find(owner: Product, namespace: str, key: str) -> Metafield | None:
    found = (m for m in owner.metafields if (m.namespace, m.key) == (namespace, key))
    return next(found, None)


def _error(path: list[str], message: str, code: str | None) -> JsonObject:
    return {"field": path, "message": message, "code": code, "elementIndex": None}

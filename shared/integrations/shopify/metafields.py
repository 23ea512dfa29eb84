"""Sets a metafield without overwriting what another writer put there meanwhile.

Read value and digest, set with that digest, and on a stale digest read again: a loop that ends
when our value is there, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from shared.errors import FieldProblem
from shared.integrations.shopify.documents import METAFIELD, SET_METAFIELDS
from shared.integrations.shopify.errors import ChangeRefused, MetafieldContended
from shared.ports import JsonObject

Query = Callable[[str, JsonObject], Awaitable[JsonObject]]
_TRIES: Final = 5
_STALE: Final = frozenset({"STALE_OBJECT", "INVALID_COMPARE_DIGEST"})


async def set_metafield(
    query: Query, owner_id: str, *, namespace: str, key: str, value: str, kind: str
) -> bool:
    """Set one metafield; return False if it had this value already.

    Args:
        query: Sends a document with variables.
        owner_id: The gid of the product, order or other owner.
        namespace: The metafield's namespace.
        key: The metafield's key.
        value: The value, always as text.
        kind: The metafield's type, e.g. `url`; needed where no definition exists.

    Raises:
        ChangeRefused: Shopify refuses the value, or there is no such owner.
        MetafieldContended: Another writer was faster every time.
    """
    for _ in range(_TRIES):
        present = await _read(query, owner_id, namespace, key)
        if present is not None and present["value"] == value and present["type"] == kind:
            return False
        # A null digest means: create it, but only if it still is absent.
        digest = None if present is None else present["compareDigest"]
        errors = await _write(
            query,
            {
                "ownerId": owner_id,
                "namespace": namespace,
                "key": key,
                "value": value,
                "type": kind,
                "compareDigest": digest,
            },
        )
        if not errors:
            return True
        if not all(item.get("code") in _STALE for item in errors):
            raise ChangeRefused(
                f"metafield {namespace}.{key} of {owner_id}",
                problems=[_problem(item) for item in errors],
            )
    raise MetafieldContended(f"metafield {namespace}.{key} of {owner_id}")


async def _read(query: Query, owner_id: str, namespace: str, key: str) -> JsonObject | None:
    data = await query(METAFIELD, {"id": owner_id, "namespace": namespace, "key": key})
    owner = data.get("node")
    if owner is None:
        raise ChangeRefused(f"there is no {owner_id}")
    found: JsonObject | None = owner.get("metafield")
    return found


async def _write(query: Query, metafield: JsonObject) -> list[JsonObject]:
    data = await query(SET_METAFIELDS, {"metafields": [metafield]})
    payload = data.get("metafieldsSet") or {}
    return list(payload.get("userErrors") or ())


def _problem(error: JsonObject) -> FieldProblem:
    return FieldProblem(
        "/" + "/".join(error.get("field") or ()), f"{error.get('code')}: {error.get('message')}"
    )

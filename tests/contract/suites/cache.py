"""What every `Cache` adapter promises."""

from __future__ import annotations

from datetime import timedelta

from shared.ports import Cache

HOUR = timedelta(hours=1)


async def is_none_for_what_it_does_not_know(port: Cache) -> None:
    assert await port.get("never-put") is None


async def gives_back_any_json(port: Cache) -> None:
    values = [True, 0, -1.5, "ü 🦊", [1, [None]], {"a": {"b": [1, "2"]}}]
    for number, value in enumerate(values):
        await port.put(f"json-{number}", value, ttl=HOUR)
    for number, value in enumerate(values):
        assert await port.get(f"json-{number}") == value


async def keeps_the_last_value(port: Cache) -> None:
    await port.put("last", 1, ttl=HOUR)
    await port.put("last", 2, ttl=HOUR)
    assert await port.get("last") == 2


async def forgets_what_is_deleted(port: Cache) -> None:
    await port.put("deleted", 1, ttl=HOUR)
    await port.delete("deleted")
    await port.delete("deleted")
    assert await port.get("deleted") is None


async def takes_any_key_of_text(port: Cache) -> None:
    for key in ("a/b:c", "ü" * 100, " space ", "%2F"):
        await port.put(key, key, ttl=HOUR)
        assert await port.get(key) == key


async def takes_a_time_to_live_below_its_least(port: Cache) -> None:
    await port.put("short", 1, ttl=timedelta(seconds=1))
    assert await port.get("short") == 1


async def keeps_without_an_end_until_it_is_replaced_or_forgotten(port: Cache) -> None:
    await port.keep("kept", {"is_on": False})
    assert await port.get("kept") == {"is_on": False}
    await port.keep("kept", 2)
    assert await port.get("kept") == 2
    await port.keep("kept", None)
    await port.keep("kept", None)
    assert await port.get("kept") is None


CASES = (
    is_none_for_what_it_does_not_know,
    gives_back_any_json,
    keeps_the_last_value,
    forgets_what_is_deleted,
    takes_any_key_of_text,
    takes_a_time_to_live_below_its_least,
    keeps_without_an_end_until_it_is_replaced_or_forgotten,
)

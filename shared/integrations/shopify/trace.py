"""Names the field that a normaliser stumbled over, at no cost while nothing is wrong.

A normaliser reads plain dicts without checks. Only when it raises is it run once more over a
traced copy that remembers the last field read: that is the one whose value was bad or absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

from shared.integrations.shopify.errors import MalformedNode
from shared.ports import JsonObject

_Params = ParamSpec("_Params")
_Result = TypeVar("_Result")
_BAD_VALUE = (
    KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError, RecursionError,
)  # fmt: skip


class _Log:
    """Where the traced containers write which field was read last."""

    path = ""


class _TracedDict(dict[str, Any]):
    def __init__(self, plain: dict[str, Any], path: str, log: _Log) -> None:
        super().__init__(plain)
        self._path, self._log = path, log

    def __getitem__(self, key: str) -> Any:
        self._log.path = f"{self._path}/{key}"
        return _traced(super().__getitem__(key), self._log.path, self._log)

    def get(self, key: str, default: Any = None) -> Any:
        self._log.path = f"{self._path}/{key}"
        return _traced(super().get(key, default), self._log.path, self._log)


class _TracedList(list[Any]):
    def __init__(self, plain: list[Any], path: str, log: _Log) -> None:
        super().__init__(plain)
        self._path, self._log = path, log

    def __iter__(self) -> Iterator[Any]:
        for index, item in enumerate(super().__iter__()):
            self._log.path = f"{self._path}/{index}"
            yield _traced(item, self._log.path, self._log)


def _traced(value: Any, path: str, log: _Log) -> Any:
    if isinstance(value, dict):
        return _TracedDict(value, path, log)
    if isinstance(value, list):
        return _TracedList(value, path, log)
    return value


def guarded(read: Callable[_Params, _Result]) -> Callable[_Params, _Result]:
    """Make a normaliser raise MalformedNode with the gid and the path of the bad field."""

    def call(*args: _Params.args, **kwargs: _Params.kwargs) -> _Result:
        try:
            return read(*args, **kwargs)
        except _BAD_VALUE as error:
            # The cause may quote a value, and values may be personal data: it ends here.
            raise _malformed(read, error, *args, **kwargs) from None

    call.__name__, call.__doc__, call.__wrapped__ = (  # type: ignore[attr-defined]
        read.__name__, read.__doc__, read,
    )  # fmt: skip
    return call


def _malformed(
    read: Callable[_Params, _Result],
    error: Exception,
    *args: _Params.args,
    **kwargs: _Params.kwargs,
) -> MalformedNode:
    node = args[0]
    if not isinstance(node, dict):
        return MalformedNode("", "", f"{type(node).__name__} is not an object")
    log = _Log()
    reread: Callable[..., _Result] = read
    try:
        reread(_TracedDict(node, "", log), *args[1:], **kwargs)
    except _BAD_VALUE as again:
        error = again
    return MalformedNode(_gid(node), log.path, _reason(error))


def _gid(node: JsonObject) -> str:
    """Return what names the node: its gid, or a REST body's."""
    return str(node.get("admin_graphql_api_id") or node.get("id") or "")


def _reason(error: Exception) -> str:
    """Return the kind of fault; never the value, which may be personal data."""
    return (
        "is absent" if isinstance(error, KeyError) else f"has a bad value ({type(error).__name__})"
    )

"""Events as a stream is given them: checked, and written as JSON objects.

No class of events has a rule across columns, so columns that were checked apart are right together.
Who sends many events that have most columns in common checks and writes each set of columns once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple, NotRequired, overload

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from pydantic_core import PydanticSerializationError, from_json
from typing_extensions import TypedDict

from shared.errors import InvalidInput
from shared.ports import JsonObject
from shared.telemetry import EVENTS, Stream
from shared.telemetry_validation import refusal, validated_events

_ID: Final = "event_id"
_LARGE: Final = re.compile(r":-?[0-9]{16}")
"""A number after its column's name; ids are full of digits too, and no column lists numbers."""


def _adapter(stream: Stream) -> TypeAdapter[dict[str, Any]]:
    """Return what checks any of the columns of a stream, each as its class does."""
    columns = {
        name: NotRequired[Annotated[(field.annotation, *field.metadata)]]
        if field.metadata
        else NotRequired[field.annotation]
        for name, field in EVENTS[stream].model_fields.items()
    }
    some = TypedDict("some", columns)  # type: ignore[misc]  # they are known when it runs
    checked: Any = with_config(ConfigDict(extra="forbid", strict=True))(some)
    return TypeAdapter(checked)


_COLUMNS: Final = MappingProxyType({stream: _adapter(stream) for stream in EVENTS})


_NEVER_NULL: Final = MappingProxyType(
    {
        stream: frozenset(
            name
            for name, field in event.model_fields.items()
            if field.is_required() or field.get_default(call_default_factory=True) is not None
        )
        for stream, event in EVENTS.items()
    }
)


class Part(NamedTuple):
    """Columns of a stream that fit it, as the inside of a JSON object."""

    stream: Stream
    names: frozenset[str]
    text: str
    is_large: bool


def part(stream: Stream, columns: Mapping[str, Any]) -> Part:
    """Return columns as a part of events; null and absent are one, and absent is smaller.

    Raises:
        InvalidInput: Some do not fit, or are none of the stream's.
    """
    known = {name: value for name, value in columns.items() if value is not None}
    adapter = _COLUMNS[stream]
    try:
        right = adapter.validator.validate_python(known)
        text = adapter.serializer.to_json(right).decode()[1:-1]
    except ValidationError as error:
        raise refusal(stream, error) from error
    except PydanticSerializationError as error:
        raise InvalidInput(f"the columns are not JSON: {error}") from error
    return Part(stream, frozenset(known), text, _is_large(text))


class Rows(Sequence[JsonObject]):
    """Events of one stream that fit it; `texts` has each as a JSON object."""

    def __init__(self, stream: Stream, texts: Iterable[str] = ()) -> None:
        self.stream: Final = stream
        self.texts: Final = list(texts)
        self.may_be_large = any(map(_is_large, self.texts))
        """Whether some integer may be one that JavaScript's numbers leave out."""

    def add(self, event_ids: Sequence[str], *parts: Part) -> None:
        """Add an event for each id, with the columns of all the parts.

        Raises:
            InvalidInput: An id is no text.
            ValueError: The parts are of another stream, share a column, or leave one out.
        """
        _require_whole(self.stream, *[(one.stream, one.names) for one in parts])
        try:
            "".join(event_ids).encode()
        except (TypeError, UnicodeEncodeError) as error:
            raise InvalidInput(f"an id of an event is text: {error}") from error
        self.may_be_large |= any(one.is_large for one in parts)
        rest = ",".join([one.text for one in parts])
        self.texts.extend([f'{{"{_ID}":{encode_basestring(one)},{rest}}}' for one in event_ids])

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, place: int) -> JsonObject: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[JsonObject]: ...

    def __getitem__(self, place: int | slice) -> JsonObject | Sequence[JsonObject]:
        if isinstance(place, slice):
            return Rows(self.stream, self.texts[place])
        event: JsonObject = from_json(self.texts[place])
        return event

    def __iter__(self) -> Iterator[JsonObject]:
        return map(from_json, self.texts)


def checked_rows(stream: Stream, events: Sequence[JsonObject]) -> Rows:
    """Return the rows of events; what is written as rows already is not checked again.

    Raises:
        InvalidInput: Some do not fit; the problems name event and field, e.g. `/3/quantity`.
    """
    if isinstance(events, Rows) and events.stream == stream:
        return events
    checked = validated_events(stream, list(events))
    return Rows(stream, [event.model_dump_json(exclude_none=True) for event in checked])


@lru_cache(maxsize=256)
def _require_whole(stream: Stream, *parts: tuple[Stream, frozenset[str]]) -> None:
    names = [name for _, some in parts for name in some]
    if any(of != stream for of, _ in parts) or len(set(names)) < len(names) or _ID in names:
        raise ValueError(f"these parts make no event of {stream}.telemetry")
    if missing := _NEVER_NULL[stream] - {_ID, *names}:
        raise ValueError(f"an event of {stream}.telemetry needs {', '.join(sorted(missing))}")


def _is_large(text: str) -> bool:
    return _LARGE.search(text) is not None

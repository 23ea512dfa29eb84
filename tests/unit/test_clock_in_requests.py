"""Dates and instants of requests are text: a number is not taken for seconds since 1970."""

from datetime import UTC, date, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.clock import IsoDate, IsoInstant

DAY = TypeAdapter(IsoDate)
INSTANT = TypeAdapter(IsoInstant)


def test_iso_8601_is_taken() -> None:
    assert DAY.validate_python("2026-11-20") == date(2026, 11, 20)
    at = datetime(2026, 11, 20, 6, tzinfo=UTC)
    assert INSTANT.validate_python("2026-11-20T07:00:00+01:00") == at
    assert INSTANT.validate_python(at) == at


@pytest.mark.parametrize(
    "value", [0, 1.5, True, "0", " 12 ", "-1", "1_0", "1e9", "1.5", "20261120"]
)
@pytest.mark.parametrize("kind", [DAY, INSTANT])
def test_a_number_is_refused(kind: TypeAdapter[object], value: object) -> None:
    with pytest.raises(ValidationError):
        kind.validate_python(value)
    with pytest.raises(ValidationError):
        kind.validate_python("")

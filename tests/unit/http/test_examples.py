"""Examples say what a model says of itself, then what a field's name holds, then its type."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.http.examples import example_of
from shared.ports import Json


class Part(BaseModel):
    colour: Literal["red", "blue"]
    size: Annotated[int, Field(ge=40)]


class Whole(BaseModel):
    product_id: str
    email: str | None
    deleted_at: str | None
    parts: list[Part]
    kept: int = 7
    tags: list[str] = Field(default_factory=list)
    optional: str | None = None


class Told(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {"anything": 1}})

    anything: int


def shown(model: type[BaseModel]) -> Json:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    example: Json = example_of(schema, schema.get("$defs", {}))
    return example


def test_an_example_is_made_of_the_fields() -> None:
    found = shown(Whole)
    assert found == {
        "product_id": "prd_0f8c2a51d4b84e6f9a3b7c1d2e5f6071",
        "email": "ann@example.com",
        "deleted_at": None,
        "parts": [{"colour": "red", "size": 40}],
        "kept": 7,
        "tags": ["Summer"],
    }
    Whole.model_validate(found)


def test_what_a_model_says_comes_first() -> None:
    assert shown(Told) == {"anything": 1}

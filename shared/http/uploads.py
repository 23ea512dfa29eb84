"""One uploaded file: as the body itself, or as the part `file` of a form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from typing import Final

from fastapi import Request

from shared.errors import BadRequest, FieldProblem, InvalidInput, UnsupportedMediaType
from shared.ports import JsonObject

FORM: Final = "multipart/form-data"
PART: Final = "file"
_FILENAME_MAX: Final = 255


@dataclass(frozen=True, slots=True)
class Upload:
    """The bytes, and what the file was called."""

    body: bytes
    filename: str | None


def upload_document(media_type: str) -> JsonObject:
    """Return what OpenAPI says of a route that takes a file of this type."""
    file = {"type": "string", "format": "binary"}
    form = {"type": "object", "properties": {PART: file}, "required": [PART]}
    content = {media_type: {"schema": {"type": "string"}}, FORM: {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}


async def uploaded(request: Request, media_type: str) -> Upload:
    """Return the file of a request.

    Raises:
        UnsupportedMediaType: The body is neither of this type nor a form.
        BadRequest: It is a form that cannot be read.
        InvalidInput: The form has no file, or the file is empty.
    """
    kind = Message()
    kind["Content-Type"] = request.headers.get("content-type", "")
    body = await request.body()
    if kind.get_content_type() == FORM:
        upload = _file_of(kind, body)
    elif kind.get_content_type() == media_type and "content-type" in request.headers:
        upload = Upload(body, None)
    else:
        raise UnsupportedMediaType(f"the body must be {media_type} or {FORM}")
    if not upload.body:
        raise _invalid("is empty")
    return upload


def _file_of(kind: Message, body: bytes) -> Upload:
    boundary = kind.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise BadRequest("the form has no boundary")
    for head, content in _parts(body, boundary.encode()):
        if head.get_param("name", header="content-disposition") == PART:
            return Upload(content, _plain(head.get_filename()))
    raise _invalid("is missing in the form")


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[Message, bytes]]:
    """Yield head and content of each part (RFC 2046)."""
    _, *segments = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if not segments or not segments[-1].startswith(b"--"):
        raise BadRequest("the form does not end with its boundary")
    for segment in segments[:-1]:
        head, _, content = segment.partition(b"\r\n\r\n")
        yield message_from_string(head.decode("utf-8", "replace").lstrip()), content


def _plain(filename: str | None) -> str | None:
    """Return the name alone, without a path or anything that cannot be shown."""
    if filename is None:
        return None
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(filter(str.isprintable, name))[:_FILENAME_MAX] or None


def _invalid(detail: str) -> InvalidInput:
    return InvalidInput(f"/{PART}: {detail}", problems=[FieldProblem(f"/{PART}", detail)])

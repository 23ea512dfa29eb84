"""Lets an SVG pass only if it is a drawing: assets are public, and a browser would run a script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from xml.parsers import expat

from shared.assets.content import ContentRefused

_SVG: Final = "http://www.w3.org/2000/svg"
_XHTML: Final = "http://www.w3.org/1999/xhtml"
_ACTIVE: Final = frozenset(
    {"script", "foreignobject", "handler", "listener", "iframe", "embed", "object"}
)
_ANIMATION: Final = frozenset({"set", "animate"})
_IMAGE: Final = re.compile(r"data:image/(png|jpe?g|gif|webp)[;,]")
_HIDDEN: Final = re.compile(r"[\x00-\x20]+")
_DEPTH_MAX: Final = 256


def check_svg(body: bytes) -> None:
    """Pass if the file is an SVG without anything that a browser would run.

    Raises:
        ContentRefused: It is no SVG, or it holds a script, an event attribute, foreign content, a
            declared entity, a style sheet's address or a link that is no plain address.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.EntityDeclHandler = reader.entity
    parser.ProcessingInstructionHandler = reader.instruction
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise ContentRefused(f"the SVG is not well formed at line {error.lineno}") from error


class _Reader:
    """Sees every element of a file."""

    def __init__(self) -> None:
        self._depth = 0
        self._is_root = True

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Look at an element."""
        namespace, _, element = name.rpartition(" ")
        if self._is_root and (element, namespace) not in {("svg", _SVG), ("svg", "")}:
            raise ContentRefused("the file is XML, but no SVG")
        self._is_root = False
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise ContentRefused(f"the SVG nests deeper than {_DEPTH_MAX} elements")
        if namespace == _XHTML or element.lower() in _ACTIVE:
            raise ContentRefused(f"the SVG holds <{element[:40]}>, which a browser would run")
        for attribute, value in attributes.items():
            _check_attribute(element, attribute.rpartition(" ")[2].lower(), value)

    def end(self, _: str) -> None:
        """Leave an element."""
        self._depth -= 1

    def entity(self, *_: object) -> None:
        """Refuse a declared entity: it may hide anything, or grow without end."""
        raise ContentRefused("the SVG declares entities")

    def instruction(self, target: str, _: str) -> None:
        """Refuse a style sheet from elsewhere."""
        if target.lower() == "xml-stylesheet":
            raise ContentRefused("the SVG names a style sheet")


def _check_attribute(element: str, name: str, value: str) -> None:
    if name.startswith("on"):
        raise ContentRefused(f"the SVG has the event attribute {name[:40]}")
    plain = _HIDDEN.sub("", value).lower()
    if element.lower() in _ANIMATION and name == "attributename" and plain.endswith("href"):
        raise ContentRefused("the SVG animates a link")
    if name in {"href", "src", "action", "base"} and not _is_plain(plain):
        raise ContentRefused(f"the SVG has a link of the kind {plain.partition(':')[0][:40]}:")


def _is_plain(address: str) -> bool:
    scheme, colon, _ = address.partition(":")
    if not colon or scheme.startswith(("#", "/", ".", "?")):
        return True
    return scheme in {"http", "https"} or _IMAGE.match(address) is not None

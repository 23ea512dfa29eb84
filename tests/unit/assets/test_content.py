"""What a file is by its bytes, which SVG is only a drawing, and how files are named."""

from __future__ import annotations

import pytest

from shared.assets.content import JPEG, PDF, PNG, SVG, WEBP, ContentRefused, Media, media_of
from shared.assets.names import asset_key, asset_url, safe_filename
from shared.assets.svg import check_svg
from shared.errors import NonRetryable

NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


@pytest.mark.parametrize(
    ("head", "media"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00", PNG),
        (b"\xff\xd8\xff\xe1..Exif", JPEG),
        (b"RIFF\x00\x00\x00\x00WEBPVP8L", WEBP),
        (b"%PDF-1.4", PDF),
        (b"<svg/>", SVG),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?><svg/>", SVG),
        (b"<!-- made by hand --><svg/>", SVG),
    ],
)
def test_accepted(head: bytes, media: Media) -> None:
    assert media_of(head) is media


@pytest.mark.parametrize(
    "head",
    [
        b"", b"   ", b"\x89PNG", b"\x89PNG\r\n\x1a\n<html>", b"GIF89a", b"RIFF\x00\x00\x00\x00WAVE",
        b"\x00%PDF-1.4", b"<html><svg/></html>", b"<!DOCTYPE html>", b"<script>", b"BM....",
        "\ufeff<svg/>".encode("utf-16"), b"PK\x03\x04", b"8BPS", b"\xff\xd8",
    ],
)  # fmt: skip
def test_refused(head: bytes) -> None:
    with pytest.raises(ContentRefused):
        media_of(head)


@pytest.mark.parametrize(
    "inner",
    [
        '<path d="M0 0"/><style>.a{fill:red}</style>',
        '<a xlink:href="https://example.com/x"><text>onload</text></a>',
        '<use href="#a"/><image href="data:image/png;base64,AAAA"/>',
        '<animate attributeName="x" to="1"/>',
    ],
)
def test_drawings_pass(inner: str) -> None:
    check_svg(f'<?xml version="1.0"?><svg {NS}>{inner}</svg>'.encode())
    check_svg(b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd"><svg width="1"/>')


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        ("<script>1</script>", "<script>"),
        ('<x:script xmlns:x="http://www.w3.org/2000/svg"/>', "<script>"),
        ("<SCRIPT/>", "<SCRIPT>"),
        ('<g onload="x()"/>', "onload"),
        ('<g OnClick="x()"/>', "onclick"),
        ("<foreignObject/>", "foreignObject"),
        ('<b xmlns="http://www.w3.org/1999/xhtml"/>', "<b>"),
        ('<a href="javascript:x()"/>', "javascript:"),
        ('<a xlink:href=" java&#10;script:x()"/>', "javascript:"),
        ('<a href="JaVaScRiPt:x()"/>', "javascript:"),
        ('<image href="data:image/svg+xml;base64,AA"/>', "data:"),
        ('<a href="data:text/html,x"/>', "data:"),
        ('<set attributeName="xlink:href" to="javascript:x()"/>', "animates a link"),
        ("<g>", "not well formed"),
        ("<g/>" + "<g>" * 300 + "</g>" * 300, "nests deeper"),
    ],
)
def test_what_a_browser_would_run_is_refused(inner: str, reason: str) -> None:
    with pytest.raises(ContentRefused, match=reason):
        check_svg(f"<svg {NS}>{inner}</svg>".encode())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>', "declares entities"),
        (b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg/>', "declares entities"),
        (b'<?xml-stylesheet href="x.css"?><svg/>', "style sheet"),
        (b"<html/>", "no SVG"),
        (b'<svg xmlns="http://www.w3.org/1999/xhtml"/>', "no SVG"),
        (b"", "not well formed"),
    ],
)
def test_what_is_no_svg_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(ContentRefused, match=reason):
        check_svg(body)


@pytest.mark.parametrize(
    ("name", "media", "wanted"),
    [
        ("a.png", PNG, "a.png"),
        ("A B.PNG", PNG, "A-B.png"),
        ("photo.jpeg", JPEG, "photo.jpeg"),
        ("photo.png", JPEG, "photo.jpg"),
        ("../../etc/passwd", PNG, "passwd.png"),
        ("C:\\x\\y.svg", SVG, "y.svg"),
        ("", PDF, "asset.pdf"),
        ("...", PDF, "asset.pdf"),
        ("日本.webp", WEBP, "asset.webp"),
        ("v1.2 final", PNG, "v1-2-final.png"),
        ("x" * 300 + ".png", PNG, "x" * 80 + ".png"),
        ('a"\r\nb?#%.svg', SVG, "a-b.svg"),
    ],
)
def test_safe_filename(name: str, media: Media, wanted: str) -> None:
    assert safe_filename(name, media) == wanted


def test_address() -> None:
    key = asset_key("ab" * 32, "a.png")
    assert key == "assets/abababababababab/a.png"
    assert asset_url("https://a.example/", key) == f"https://a.example/{key}"
    with pytest.raises(NonRetryable):
        asset_url(None, key)

"""Which links are read, and as what."""

from __future__ import annotations

import pytest

from shared.integrations.dropbox import LinkRefused, share_link


@pytest.mark.parametrize(
    ("link", "direct"),
    [
        (
            "https://www.dropbox.com/scl/fi/k/a%20b.png?rlkey=r&st=s&dl=0",
            "https://www.dropbox.com/scl/fi/k/a%20b.png?rlkey=r&st=s&dl=1",
        ),
        ("https://www.dropbox.com/s/k/a.png", "https://www.dropbox.com/s/k/a.png?dl=1"),
        (" https://dropbox.com/s/k/a.png?raw=1 ", "https://dropbox.com/s/k/a.png?dl=1"),
        ("https://www.dropbox.com:443/s/k/a.png#x", "https://www.dropbox.com/s/k/a.png?dl=1"),
        (
            "https://dl.dropboxusercontent.com/s/k/a.png",
            "https://dl.dropboxusercontent.com/s/k/a.png?dl=1",
        ),
    ],
)
def test_direct_form(link: str, direct: str) -> None:
    assert str(share_link(link)) == direct


@pytest.mark.parametrize(
    "link",
    [
        "", "a.png", "http://www.dropbox.com/s/k/a.png", "ftp://www.dropbox.com/s/k/a.png",
        "https://www.dropbox.com.example.org/s/k/a.png", "https://evil.org/s/www.dropbox.com",
        "https://notdropbox.com/s/k/a.png", "https://evildropboxusercontent.com/s/k/a.png",
        "https://www.dropbox.com@evil.org/s/k/a.png", "https://u:p@www.dropbox.com/s/k/a.png",
        "https://www.dropbox.com:8443/s/k/a.png", "https://www.dropbox.com/sh/folder/x",
        "https://www.dropbox.com/scl/fo/folder/x?dl=0", "https://www.dropbox.com/login",
        "https://[::1]/s/k/a.png", "https://127.0.0.1/s/k/a.png", "https://www.dropbox.com\\@evil.org/",
        "javascript:alert(1)", "https://www.dropbox.com/s/" + "x" * 2048,
    ],
)  # fmt: skip
def test_refused(link: str) -> None:
    with pytest.raises(LinkRefused):
        share_link(link)

"""What may be told of the page that a buyer first came to: whatever stood in its address is stored.

Addresses in e-mails carry who they were sent to, so that the events, which are never erased, hold
the path and the parameters of campaigns only; and of a redacted order the click alone stays.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

CLICK_ID: Final = "click_id"
"""The order attribute, or parameter of the landing page, that carries a click into the order."""
CLICK_PATTERN: Final = "[?&]click_id=([A-Za-z0-9_=-]+)(?:[&#]|$)"
"""Finds the click in the address of a landing page, here and in PostgreSQL."""
_CAMPAIGN: Final = "utm_"
_SIGN_OF_MAIL: Final = "@"


def told_landing(landing_site: str | None) -> str | None:
    """Return the path of a landing page with the parameters of a campaign and of a click."""
    if landing_site is None:
        return None
    try:
        parts = urlsplit(landing_site)
        query = parse_qsl(parts.query)
    except ValueError:  # a landing page is whatever a browser sent
        return None
    told = [pair for pair in query if _names_nobody(*pair)]
    return (parts.path or "/") + (f"?{urlencode(told)}" if told else "")


def redacted_landing(landing_site: str | None) -> str | None:
    """Return a landing page of which only the click is left, or None if there was none."""
    click = re.search(CLICK_PATTERN, landing_site or "")
    return f"/?{CLICK_ID}={click[1]}" if click else None


def _names_nobody(name: str, value: str) -> bool:
    is_listed = name == CLICK_ID or name.startswith(_CAMPAIGN)
    return is_listed and _SIGN_OF_MAIL not in name + value

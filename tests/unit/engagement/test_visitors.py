"""Who is a person, a bot or a prefetch, and on what kind of device."""

from datetime import UTC, datetime

import pytest

from shared.engagement.memory import Memory
from shared.engagement.models import Visitor
from shared.engagement.visitors import visitor_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
ANDROID = f"Mozilla/5.0 (Linux; Android 14; SM-S918B) {WEBKIT} Chrome/128.0.0.0"
CUBOT = f"Mozilla/5.0 (Linux; Android 12; CUBOT X50) {WEBKIT} Chrome/120.0"
PERSONS = {
    f"{ANDROID} Mobile Safari/537.36": "mobile",
    f"{ANDROID} Mobile Safari/537.36 Telegram-Android/11.0.0 (Samsung; Android 14)": "mobile",
    f"{CUBOT} Mobile Safari/537.36": "mobile",
    f"{ANDROID} Safari/537.36": "tablet",
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148": "tablet",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) Mobile/15E148 [WhatsApp/2.24]": "mobile",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "desktop",
}
BOTS = [
    "",
    "Apache-HttpClient/4.5.14 (Java/17)",
    "Googlebot/2.1 (+http://www.google.com/bot.html)",
    "GoogleOther",
    "Mediapartners-Google",
    "Mozilla/5.0 (compatible; Google-InspectionTool/1.0;)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "PostmanRuntime/7.43.0",
    "Ruby",
    "Slackbot-LinkExpanding 1.0",
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.24.20",
    "curl/8.9.1",
    "facebookexternalhit/1.1",
    "python-requests/2.32",
]


def visitor(**headers: str) -> Visitor:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return visitor_of(
        named, address="203.0.113.7", country="DE", page=None, secret="s", memory=Memory(), now=NOW
    )


@pytest.mark.parametrize(("agent", "device"), PERSONS.items())
def test_browsers_are_persons(agent: str, device: str) -> None:
    found = visitor(user_agent=agent)
    assert (found.is_person, found.device_class) == (True, device)


@pytest.mark.parametrize("agent", BOTS)
def test_programs_are_bots(agent: str) -> None:
    assert visitor(user_agent=agent).is_bot


@pytest.mark.parametrize(
    ("name", "text", "is_prefetch"),
    [
        ("sec_purpose", "prefetch;prerender", True),
        ("purpose", "Prefetch", True),
        ("x_moz", "prefetch", True),
        ("x_purpose", "preview", True),
        ("purpose", "navigate", False),
    ],
)
def test_what_a_browser_fetches_ahead_is_marked(name: str, text: str, is_prefetch: bool) -> None:
    assert visitor(user_agent=next(iter(PERSONS)), **{name: text}).is_prefetch is is_prefetch

"""What is told of a landing page names a campaign or a click, and nobody."""

from __future__ import annotations

import pytest

from shared.orders.events import order_events
from shared.orders.landing import redacted_landing, told_landing
from tests.fixtures import orders as make


@pytest.mark.parametrize(
    ("landing_site", "told"),
    [
        (None, None),
        ("/", "/"),
        ("https://shop.example", "/"),
        ("https://ann:secret@shop.example/mugs?ref=a#ann", "/mugs"),
        ("/mugs?utm_source=mail&email=ann%40example.com", "/mugs?utm_source=mail"),
        ("/?click_id=abc_-=&utm_campaign=fall+sale", "/?click_id=abc_-%3D&utm_campaign=fall+sale"),
        ("/?utm_term=ann%40example.com&utm_x=1", "/?utm_x=1"),
        ("/?click_id=ann@example.com", "/"),
        ("/?customer[first_name]=Ann&token=1&_kx=2", "/"),
        ("http://[broken?click_id=abc", None),
    ],
)
def test_path_and_campaign_are_told(landing_site: str | None, told: str | None) -> None:
    assert told_landing(landing_site) == told


@pytest.mark.parametrize(
    ("landing_site", "left"),
    [
        (None, None),
        ("/mugs?utm_source=mail&email=ann%40example.com", None),
        ("https://shop.example/mugs?email=ann&click_id=a_-b=", "/?click_id=a_-b="),
        ("/?click_id=abc&email=ann#x", "/?click_id=abc"),
        ("/?click_id=abc#x", "/?click_id=abc"),
        ("/?click_id=ann%40example.com", None),
        ("/?xclick_id=abc", None),
    ],
)
def test_of_a_redacted_order_the_click_is_left(landing_site: str | None, left: str | None) -> None:
    assert redacted_landing(landing_site) == left


def test_events_tell_no_more_of_a_landing_page() -> None:
    landing = "/mugs?email=ann%40example.com&utm_source=mail&click_id=abc"
    order = make.parts(1, make.line(1), landing_site=landing)
    (event,) = order_events(make.state(order))
    assert event.landing_site == "/mugs?utm_source=mail&click_id=abc"
    assert event.click_id == "abc"

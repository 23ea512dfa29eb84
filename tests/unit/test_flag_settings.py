"""The setting `FLAGS_OFF` names flags, and only such as there are."""

import pytest

from shared.config import FLAG_NAMES, load_settings
from shared.errors import SettingsInvalid
from shared.flags import MEANINGS

SHOP = {"SHOP_DOMAIN": "shop.myshopify.com"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", set()),
        ("engagement", {"engagement"}),
        (" suggestions, engagement,", {"suggestions", "engagement"}),
    ],
)
def test_names_stand_between_commas(text: str, names: set[str]) -> None:
    assert names == load_settings(SHOP | {"FLAGS_OFF": text}).FLAGS_OFF


def test_an_unknown_name_is_a_problem_of_the_setting() -> None:
    with pytest.raises(SettingsInvalid, match=r"FLAGS_OFF.*'dark-mode' is no flag; there are"):
        load_settings(SHOP | {"FLAGS_OFF": "engagement,dark-mode"})


def test_every_flag_says_what_it_switches() -> None:
    assert MEANINGS.keys() == set(FLAG_NAMES)

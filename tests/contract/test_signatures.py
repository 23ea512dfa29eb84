"""The suite of `SignatureVerifier` over the embedded adapter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from shared.adapters.embedded.access import CryptographyVerifier
from shared.ports import SignatureVerifier
from tests.contract.suites import signatures as suite


@pytest.mark.parametrize("case", suite.CASES, ids=lambda case: case.__name__)
async def test_embedded(case: Callable[[SignatureVerifier], Awaitable[None]]) -> None:
    await case(CryptographyVerifier())


async def test_embedded_refuses_a_key_that_is_none() -> None:
    for key in ({}, {"n": "AQ"}, {"n": "", "e": ""}, {"n": "AQ", "e": "AQAB"}):
        assert await CryptographyVerifier().verify(key, suite.SIGNED, suite.SIGNATURE) is False

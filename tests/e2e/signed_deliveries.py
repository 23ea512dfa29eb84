"""For Schemathesis: signs every delivery that it makes up, as the shop would."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import Any

import requests
import schemathesis
from requests.auth import AuthBase


class Signed(AuthBase):
    """Signs the body as it is sent."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else body
        digest = hmac.new(os.environ["WEBHOOK_SECRET"].encode(), raw, hashlib.sha256).digest()
        request.headers["X-Shopify-Hmac-Sha256"] = base64.b64encode(digest).decode()
        request.headers["X-Shopify-Shop-Domain"] = os.environ["SHOP_DOMAIN"]
        return request


@schemathesis.hook
def before_call(_: object, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """Sign what goes to the webhooks."""
    if case.path == "/webhooks/shopify":
        kwargs["auth"] = Signed()

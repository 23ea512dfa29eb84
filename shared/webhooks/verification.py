"""Tells whether a delivery is Shopify's and of this shop: HMAC over the raw bytes, and the shop."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from shared.config import Settings
from shared.ports import JsonObject
from shared.webhooks.errors import DeliveryNotSigned, ShopNotAllowed


def check_signature(raw: bytes, signature: str | None, settings: Settings) -> None:
    """Compare the signature with what each of the current secrets makes of the bytes.

    After a rotation Shopify signs with the old secret for up to an hour: the previous one is
    accepted for as long as it is set.

    Raises:
        DeliveryNotSigned: It is absent, no base64, or of another secret or other bytes.
    """
    try:
        given = base64.b64decode(signature or "", validate=True)
    except (binascii.Error, ValueError):
        given = b""
    secrets = (settings.SHOPIFY_WEBHOOK_SECRET, settings.SHOPIFY_WEBHOOK_SECRET_PREVIOUS)
    matches = [
        hmac.compare_digest(hmac.digest(secret.get_secret_value().encode(), raw, "sha256"), given)
        for secret in secrets
        if secret is not None
    ]
    if not any(matches):
        raise DeliveryNotSigned


def check_shop(shop: str | None, settings: Settings) -> str:
    """Return the shop that the delivery names, if it is ours.

    Raises:
        ShopNotAllowed: It is another one.
    """
    allowed = settings.SHOP_DOMAIN.lower()
    if (shop or "").lower() != allowed:
        raise ShopNotAllowed
    return allowed


def check_body_shop(body: JsonObject, shop: str) -> None:
    """Refuse a body that names another shop than the header does.

    Raises:
        ShopNotAllowed: It does.
    """
    named = body.get("shop_domain", body.get("myshopify_domain"))
    if named is not None and str(named).lower() != shop:
        raise ShopNotAllowed


def body_digest(raw: bytes) -> str:
    """Return the SHA-256 of the bytes, by which a large body is kept."""
    return hashlib.sha256(raw).hexdigest()

"""What Shopify may answer, as typed errors: which of them trying again can help, and which not.

Texts of these errors carry gids, field paths, codes and shop names; never a token or a body.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import DomainError, FieldProblem, NonRetryable, TooManyRequests, Unavailable


class Throttled(TooManyRequests):
    """Shopify asks us to slow down."""

    def __init__(self, detail: str = "", *, wait: float | None = None) -> None:
        super().__init__(detail)
        self.wait = wait
        """Seconds that Shopify asks us to wait, where it says."""


class ShopUnavailable(Unavailable):
    """Shopify does not answer now; try again."""


class ShopLocked(Unavailable):
    """The shop is frozen, locked or inactive."""


class ReplyMalformed(Unavailable):
    """Shopify answered something that is not the protocol."""


class AccessTokenRefused(DomainError):
    """Shopify refuses every credential that this deployment has."""

    status = 502


class AccessDenied(DomainError):
    """The access token lacks a scope for a field that was asked for."""

    status = 502

    def __init__(self, path: str, required: str) -> None:
        super().__init__(f"access denied for {path or 'the query'}: {required or 'not said why'}")
        self.path = path
        self.required = required


class ShopUnknown(NonRetryable):
    """There is no such shop, or it does not offer this API version."""

    status = 502


class ShopRedirected(NonRetryable):
    """The configured shop domain is an alias of another one."""

    status = 502

    def __init__(self, configured: str, canonical: str) -> None:
        super().__init__(
            f"{configured} redirects to {canonical}: set SHOP_DOMAIN to the canonical domain"
        )
        self.configured = configured
        self.canonical = canonical


class ApiVersionMismatch(NonRetryable):
    """Shopify answered with another API version than the one asked for."""

    status = 502

    def __init__(self, asked: str, answered: str | None) -> None:
        super().__init__(f"asked for API version {asked}, answered by {answered or 'none'}")


class SearchWarning(NonRetryable):
    """Shopify ignored a part of a search filter, so that it matches too much."""

    status = 502


class QueryRefused(NonRetryable):
    """Shopify refuses the query."""

    status = 502


class QueryTooCostly(QueryRefused):
    """The query costs more points than Shopify allows one query."""


class ChangeRefused(NonRetryable):
    """Shopify refuses the change."""

    status = 502

    def __init__(self, detail: str, *, problems: Sequence[FieldProblem] = ()) -> None:
        super().__init__(detail, problems=problems)


class MetafieldContended(Unavailable):
    """Another writer keeps changing the metafield."""


class BulkOperationInProgress(Unavailable):
    """All bulk operations that Shopify allows at a time are running."""


class BulkOperationUnknown(NonRetryable):
    """Shopify knows no bulk operation with this id."""

    status = 502


class BulkResultExpired(DomainError):
    """The result of the bulk operation can no longer be downloaded."""

    status = 502


class DownloadBroken(Unavailable):
    """The download of a bulk result broke off and could not be resumed."""


class MalformedNode(NonRetryable):
    """A node of a result cannot be read."""

    def __init__(self, gid: str, path: str, reason: str = "") -> None:
        super().__init__(
            f"{gid or 'a node without id'}: {path or '(whole)'}: {reason or 'malformed'}"
        )
        self.gid = gid
        self.path = path
        self.reason = reason

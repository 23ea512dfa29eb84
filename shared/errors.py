"""Errors a use case may raise: the class is the problem type, its docstring the title.

`status` is the HTTP status a route answers with; `retryable` tells queues and Workflows whether
trying again can help. Adapters translate what their drivers raise into these classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple


class FieldProblem(NamedTuple):
    """One thing wrong with an input: `pointer` is a JSON pointer such as `/weights/w7`."""

    pointer: str
    detail: str


class DomainError(Exception):
    """The request could not be carried out."""

    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        detail: str = "",
        *,
        problems: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title())
        self.detail = detail
        self.problems = tuple(problems)
        self.headers = dict(headers or {})
        self.members = dict(members or {})

    @classmethod
    def title(cls) -> str:
        """Return the first line of the class docstring."""
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0]


class BadRequest(DomainError):
    """The request is malformed."""

    status = 400


class Unauthenticated(DomainError):
    """The request carries no valid credentials."""

    status = 401


class Forbidden(DomainError):
    """The credentials do not allow this."""

    status = 403


class NotFound(DomainError):
    """There is no such resource."""

    status = 404


class Conflict(DomainError):
    """The request conflicts with the present state."""

    status = 409


class RowTaken(Conflict):
    """There is such a row already; of two first writers, the second is told so."""


class PreconditionFailed(DomainError):
    """The resource has changed since it was read."""

    status = 412


class PayloadTooLarge(DomainError):
    """The request body is larger than allowed."""

    status = 413


class UnsupportedMediaType(DomainError):
    """The request body has a content type that is not accepted here."""

    status = 415


class InvalidInput(DomainError):
    """The request payload is not valid."""

    status = 422


class PreconditionRequired(DomainError):
    """The request must say which version it changes (If-Match)."""

    status = 428


class TooManyRequests(DomainError):
    """Too many requests."""

    status = 429
    retryable = True


class Unavailable(DomainError):
    """A part that this needs is not available now; try again."""

    status = 503
    retryable = True


class Contended(Unavailable):
    """Another writer was in the way; the same transaction can be tried again at once."""


class NonRetryable(DomainError):
    """A Workflow step failed in a way that trying again cannot mend."""


class StepFailed(DomainError):
    """A Workflow step failed for good.

    What the engine raises in the Workflow for every failed step: the type of the step's own error
    does not survive a restart, so only its name and text are kept.
    """

    def __init__(self, error_type: str, detail: str) -> None:
        super().__init__(detail)
        self.error_type = error_type


class SettingsInvalid(DomainError):
    """The settings are not complete or not valid."""

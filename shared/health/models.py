"""How the platform is: named checks, and the worst of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

HealthStatus = Literal["ok", "degraded", "down"]
_ORDER: tuple[HealthStatus, ...] = ("ok", "degraded", "down")


class HealthCheck(BaseModel):
    """One thing that was looked at."""

    model_config = ConfigDict(frozen=True)

    name: str
    status: HealthStatus
    detail: str
    observed_at: datetime | None = Field(
        default=None, description="When the thing that is checked last happened."
    )


class Health(BaseModel):
    """How a Worker, or the platform, is."""

    model_config = ConfigDict(frozen=True)

    status: HealthStatus
    at: datetime
    checks: list[HealthCheck]

    @classmethod
    def of(cls, checks: Sequence[HealthCheck], at: datetime) -> Self:
        """Return the health that these checks amount to: the worst of them."""
        worst = max((_ORDER.index(check.status) for check in checks), default=0)
        return cls(status=_ORDER[worst], at=at, checks=list(checks))

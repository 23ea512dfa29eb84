"""Routes over feature flags: what is switched off and on while it runs."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from dashboard_api.dependencies import Bound, Caller, EntityId
from shared.config import FLAG_NAMES
from shared.flags import FeatureFlag, named, read_flag, reset, switch
from shared.http.problems import responses

router = APIRouter(prefix="/api/feature-flags", tags=["Feature flags"])


class FeatureFlags(BaseModel):
    """Every flag there is."""

    flags: list[FeatureFlag]


class FlagSwitch(BaseModel):
    """How a flag shall stand."""

    model_config = ConfigDict(extra="forbid")

    is_on: bool


@router.get("", summary="Read the feature flags", responses=responses())
async def read_flags(bindings: Bound) -> FeatureFlags:
    """As they stand, with what each switches, who switched it and when."""
    return FeatureFlags(flags=[await read_flag(bindings, name) for name in FLAG_NAMES])


@router.put("/{name}", summary="Switch a feature flag", responses=responses(400, 404, 415, 422))
async def switch_flag(
    bindings: Bound, caller: Caller, name: EntityId, asked: FlagSwitch
) -> FeatureFlag:
    """Every Worker knows within two minutes. 503 where no KV keeps it."""
    at, by = bindings.clock.now(), caller.name
    return await switch(bindings, named(name), is_on=asked.is_on, by=by, at=at)


@router.delete(
    "/{name}",
    status_code=204,
    summary="Let the settings decide a feature flag",
    responses=responses(400, 404),
)
async def reset_flag(bindings: Bound, caller: Caller, name: EntityId) -> None:
    """Takes back what was switched; `FLAGS_OFF` holds again."""
    await reset(bindings, named(name), by=caller.name, at=bindings.clock.now())

"""What Shopify's compliance topics promise: a customer's data exported or redacted, a shop erased.

Each request leaves a record, an artifact that says what was asked and done and names nobody.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from ingest.bindings import IngestBindings
from ingest.workflows.compliance_steps import ComplianceSteps
from shared.ports import Json, JsonObject, Step
from shared.sync.audit import AuditedStep, run_audited
from shared.webhooks.compliance import WORKFLOW, ComplianceRequest
from shared.webhooks.compliance_repository import SHOP_TABLES

ARCHIVES: Final = "archives/ingest/"
WAITING: Final = ("inbox/", "dead-letters/")
SHOP_PREFIXES: Final = ("archives/", "exports/", *WAITING)


async def shopify_compliance(step: Step, payload: JsonObject, bindings: IngestBindings) -> Json:
    """Carry out one request.

    Args:
        step: The journal of this run.
        payload: A `ComplianceRequest`.
        bindings: The ports of ingest.
    """
    request = ComplianceRequest.model_validate(payload)
    steps = ComplianceSteps(request, bindings)
    bodies = {
        "customers/data_request": _export,
        "customers/redact": _redact,
        "shop/redact": _erase,
    }
    return await run_audited(
        step,
        stream=bindings.sync,
        clock=bindings.clock,
        workflow=WORKFLOW,
        run_id=request.run_id,
        body=partial(bodies[request.topic], steps),
        on_failure=steps.failed,
        close=steps.close,
    )


async def _export(steps: ComplianceSteps, step: AuditedStep) -> Json:
    await step.do("begin", steps.begin)
    exported: JsonObject = await step.do("export", steps.export)
    return await _finish(steps, step, exported)


async def _redact(steps: ComplianceSteps, step: AuditedStep) -> Json:
    await step.do("begin", steps.begin)
    rows: JsonObject = await step.do("redact-rows", steps.redact_rows)
    archives = await _objects(steps, step, "archives", (ARCHIVES,))
    bodies = await _objects(steps, step, "bodies", WAITING)
    return await _finish(steps, step, {**rows, "archive_rows": archives, "waiting_bodies": bodies})


async def _erase(steps: ComplianceSteps, step: AuditedStep) -> Json:
    await step.do("begin", steps.begin)
    rows = number = 0
    for table in SHOP_TABLES:
        more = True
        while more:
            number += 1
            erased: int = await step.do(f"erase-{number:05}", partial(steps.erase_rows, table))
            rows, more = rows + erased, erased > 0
    objects = await _objects(steps, step, "objects", SHOP_PREFIXES)
    return await _finish(steps, step, {"rows": rows, "objects": objects})


async def _objects(
    steps: ComplianceSteps, step: AuditedStep, kind: str, prefixes: tuple[str, ...]
) -> int:
    """Go through every object below the prefixes, a page per step; return how many were changed."""
    changed = number = 0
    for prefix in prefixes:
        cursor: str | None = None
        while True:
            number += 1
            action = partial(steps.objects_page, kind, prefix, cursor)
            page: JsonObject = await step.do(f"{kind}-{number:05}", action)
            changed += page["changed"]
            if (cursor := page["cursor"]) is None:
                break
    return changed


async def _finish(steps: ComplianceSteps, step: AuditedStep, done: JsonObject) -> Json:
    end: Json = await step.do("finish", partial(steps.finish, done))
    return end

"""The daily audit: subscriptions that Shopify deleted are mended, what is past its use removed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Final

from ingest.bindings import IngestBindings
from ingest.webhooks import shopify_of
from shared.clock import format_instant
from shared.errors import Unavailable
from shared.jobs import ShopifyWebhookAudit
from shared.ports import Json, JsonObject, Step
from shared.sync.audit import AuditedStep, Failure, StepReport, run_audited
from shared.sync.clean_up import CleanedUp, clean_up_part
from shared.webhooks.repository import WebhookDeliveries
from shared.webhooks.subscriptions import (
    OF_THE_APP,
    as_documents,
    audit_subscriptions,
    is_right,
    webhook_address,
)

WORKFLOW: Final = "webhook-audit"
KEPT: Final = timedelta(days=7)
_FORGOTTEN_AT_ONCE: Final = 10_000
PARTS_MAX: Final = 20
"""What one run cleans up at most; the rest is the next day's."""


class SubscriptionsWrong(Unavailable):
    """Shopify does not let a subscription be mended."""


async def webhook_audit(step: Step, payload: JsonObject, bindings: IngestBindings) -> Json:
    """Mend the subscriptions, forget deliveries that no copy can come of any more, and clean up.

    What is past its use goes even if Shopify does not let the subscriptions be mended.

    Args:
        step: The journal of this run.
        payload: A `ShopifyWebhookAudit` without its type.
        bindings: The ports of ingest.
    """
    job = ShopifyWebhookAudit.model_validate(payload)
    run = _Run(job, bindings)
    return await run_audited(
        step,
        stream=bindings.sync,
        clock=bindings.clock,
        workflow=WORKFLOW,
        run_id=job.run_id,
        body=run.run,
        on_failure=run.failed,
    )


class _Run:
    """The steps of one audit."""

    def __init__(self, job: ShopifyWebhookAudit, bindings: IngestBindings) -> None:
        self._job, self._bindings = job, bindings

    async def run(self, step: AuditedStep) -> Json:
        """Run every step."""
        try:
            findings: JsonObject = await step.do("audit", self._audit)
        except Exception:
            await self._tidy(step)
            raise
        cleaned_up = await self._tidy(step)
        end: Json = await step.do(
            "finish", partial(self._finish, {**findings, "cleaned_up": cleaned_up})
        )
        return end

    async def _tidy(self, step: AuditedStep) -> JsonObject:
        """Remove what is past its use, a bounded part in each step; return the counts."""
        number, forgotten = 0, _FORGOTTEN_AT_ONCE
        while forgotten == _FORGOTTEN_AT_ONCE:
            number += 1
            forgotten = await step.do(f"forget-{number:05}", self._forget)
        removed, is_full, number = CleanedUp(), True, 0
        while is_full and number < PARTS_MAX:
            number += 1
            part: JsonObject = await step.do(f"clean-up-{number:05}", self._clean_up)
            removed += CleanedUp(part["exports"], part["imports"], part["requests"])
            is_full = part["is_full"]
        return {**asdict(removed), "is_more_left": is_full}

    async def failed(self, failure: Failure) -> None:
        """Say in the run's summary why it failed."""
        await self._record("failed", reason=failure.detail)

    async def _audit(self) -> StepReport:
        b = self._bindings
        await self._record("running")
        if b.settings.INGEST_URL is None:
            return StepReport({"notes": ["INGEST_URL is not set: nothing was looked at"]})
        address = webhook_address(b.settings.INGEST_URL)
        async with shopify_of(b) as client:
            findings = await audit_subscriptions(client, address, mend=True)
        wrong = [f for f in findings if not is_right([f]) and f.state not in OF_THE_APP]
        if wrong:
            raise SubscriptionsWrong(", ".join(f"{f.topic} {f.state}: {f.detail}" for f in wrong))
        mended = sum(finding.is_mended for finding in findings)
        return StepReport({"findings": as_documents(findings)}, len(findings), mended)

    async def _forget(self) -> StepReport:
        before = self._bindings.clock.now() - KEPT
        async with self._bindings.databases.open() as db:
            count = await WebhookDeliveries(db).forget(before, limit=_FORGOTTEN_AT_ONCE)
        return StepReport(count, records_written=count)

    async def _clean_up(self) -> StepReport:
        b = self._bindings
        async with b.databases.open() as db:
            part = await clean_up_part(db, b.objects, at=b.clock.now())
        count = part.exports + part.imports + part.requests
        return StepReport({**asdict(part), "is_full": part.is_full}, records_written=count)

    async def _finish(self, found: JsonObject) -> StepReport:
        await self._record("complete", **found)
        return StepReport({"status": "complete", **found})

    async def _record(self, status: str, **fields: Json) -> None:
        now = format_instant(self._bindings.clock.now())
        times = {"started_at": now} if status == "running" else {"finished_at": now}
        summary: JsonObject = {
            "run_id": self._job.run_id,
            "workflow": WORKFLOW,
            "requested_by": self._job.requested_by,
            "status": status,
        }
        await self._bindings.watermarks.record_run({**summary, **times, **fields})

"""The Asset Ingest Workflow: a share link into a public file, a linked row and a metafield."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Final

from ingest.bindings import IngestBindings
from ingest.workflows.run_notes import RunNotes
from shared.assets import ingestions
from shared.assets.models import METAFIELD_KEY, METAFIELD_NAMESPACE, METAFIELD_TYPE, READY
from shared.assets.names import asset_url
from shared.assets.transfer import Received, publish, receive, staged_key
from shared.errors import InvalidInput, NonRetryable
from shared.integrations.dropbox import DropboxClient
from shared.integrations.shopify.client import ShopifyClient
from shared.jobs import AssetIngest
from shared.ports import Json, JsonObject, Retry, Step
from shared.sync.audit import AuditedStep, Failure, StepReport, run_audited

WORKFLOW: Final = "asset-ingest"
_LONG: Final = Retry(limit=4, delay=timedelta(seconds=5), timeout=timedelta(minutes=20))


async def asset_ingest(step: Step, payload: JsonObject, bindings: IngestBindings) -> Json:
    """Take one file over.

    Args:
        step: The journal of this run.
        payload: An `AssetIngest` without its type.
        bindings: The ports of ingest.
    """
    job = AssetIngest.model_validate(payload)
    steps = _Steps(job, bindings)
    return await run_audited(
        step,
        stream=bindings.sync,
        clock=bindings.clock,
        workflow=WORKFLOW,
        run_id=job.run_id,
        body=partial(_run, steps),
        on_failure=steps.failed,
        close=steps.close,
    )


async def _run(steps: _Steps, step: AuditedStep) -> Json:
    start: JsonObject = await step.do("begin", steps.begin)
    if start["status"] == READY:
        return start
    received: JsonObject = await step.do("download", steps.download, retry=_LONG)
    asset: JsonObject = await step.do("dedup", partial(steps.dedup, received))
    await step.do("upload", partial(steps.upload, asset, received["staged_key"]), retry=_LONG)
    await step.do("link", partial(steps.link, asset))
    await step.do("metafield", partial(steps.metafield, start, asset))
    end: Json = await step.do("finish", partial(steps.finish, asset))
    return end


class _Steps:
    """The actions of one run; every action may run twice."""

    def __init__(self, job: AssetIngest, bindings: IngestBindings) -> None:
        self._job, self._bindings = job, bindings
        self._notes = RunNotes(
            bindings, workflow=WORKFLOW, run_id=job.run_id, requested_by=job.requested_by
        )

    async def begin(self) -> StepReport:
        """Note that the request is being worked on, and find the product."""
        job = self._job
        await self._notes.begin(artifact_id=job.ingest_id, product_id=job.product_id, step="begin")
        asset_url(self._bindings.settings.ASSET_BASE_URL, "")
        async with self._bindings.databases.open() as db:
            known = await ingestions.begin_ingestion(db, job, self._bindings.clock.now())
            if known.status == READY:
                end = await self._notes.complete(asset_id=known.asset_id, url=known.url)
                return StepReport({**end, "status": READY})
            gid = await ingestions.product_gid(db, job.product_id)
        return StepReport({"status": known.status, "product_gid": gid})

    async def download(self) -> StepReport:
        """Read the file into the private bucket, hash it and tell what it is."""
        b, job = self._bindings, self._job
        async with b.http() as http:
            dropbox = DropboxClient(http, url=b.settings.DROPBOX_URL)
            try:
                received = await receive(dropbox, job.dropbox_url, b.objects, run_id=job.run_id)
            except InvalidInput as error:
                raise NonRetryable(str(error)) from error
        return StepReport(asdict(received), records_read=1, bytes_read=received.size)

    async def dedup(self, received: JsonObject) -> StepReport:
        """Take the stored asset of the same content, if there is one."""
        async with self._bindings.databases.open() as db:
            known = await ingestions.known_asset(db, received["sha256"])
        asset = Received(**received).asset()
        if known is not None:
            asset |= {"key": known.key, "filename": known.filename}
        await self._notes.note(step="dedup", sha256=asset["sha256"], is_known=known is not None)
        return StepReport(asset)

    async def upload(self, asset: JsonObject, staged: str) -> StepReport:
        """Put the file under its public key, unless it is there."""
        b = self._bindings
        written = await publish(b.objects, b.assets, asset, staged)
        return StepReport(written, records_written=1 if written else 0)

    async def link(self, asset: JsonObject) -> StepReport:
        """Keep the asset's row and its link to the product."""
        b = self._bindings
        async with b.databases.open() as db:
            identity = await ingestions.link_asset(
                db, self._job, asset, url=self._url(asset), at=b.clock.now()
            )
        return StepReport(identity, records_written=1)

    async def metafield(self, start: JsonObject, asset: JsonObject) -> StepReport:
        """Tell Shopify the asset's address, unless it knows it."""
        async with self._shopify() as client:
            written = await client.update_metafield(
                start["product_gid"],
                METAFIELD_NAMESPACE,
                METAFIELD_KEY,
                self._url(asset),
                kind=METAFIELD_TYPE,
            )
        return StepReport(written, records_written=int(written))

    async def finish(self, asset: JsonObject) -> StepReport:
        """Say on the request that the asset is there, and remove the received file."""
        b, url = self._bindings, self._url(asset)
        async with b.databases.open() as db:
            await ingestions.note_ingestion(
                db, self._job.ingest_id, at=b.clock.now(), status=READY, linked=None
            )
        await b.objects.delete(staged_key(self._job.run_id))
        return StepReport(await self._notes.complete(sha256=asset["sha256"], url=url))

    async def failed(self, failure: Failure) -> None:
        """Say in the summary why there is no asset."""
        await self._notes.failed(failure)

    async def close(self, failure: Failure) -> None:
        """Say so on the request too; nothing stays linked."""
        b = self._bindings
        async with b.databases.open() as db:
            await ingestions.fail_ingestion(
                db, self._job.ingest_id, at=b.clock.now(), reason=failure.detail
            )
        await b.objects.delete(staged_key(self._job.run_id))

    def _url(self, asset: JsonObject) -> str:
        return asset_url(self._bindings.settings.ASSET_BASE_URL, asset["key"])

    @asynccontextmanager
    async def _shopify(self) -> AsyncIterator[ShopifyClient]:
        b = self._bindings
        async with b.http() as http:
            yield ShopifyClient(http, settings=b.settings, clock=b.clock)

import { DurableObject, WorkerEntrypoint, WorkflowEntrypoint } from "cloudflare:workers";

export class WatermarkDO extends DurableObject {
  async note(key, value) {
    await this.ctx.storage.put(key, value);
  }
  async notes() {
    return Object.fromEntries(await this.ctx.storage.list());
  }
}

const notes = (env) => env.WATERMARK_DO.get(env.WATERMARK_DO.idFromName("all"));

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/slow") await env.BACKFILL.create({ id: "slow", params: { slow: true } });
    if (pathname === "/go") await notes(env).note("go", true);
    const httpMetadata = { contentType: "text/plain" };
    await env.R2_ASSETS.put("folder/a b.txt", "asset", { httpMetadata });
    return Response.json({
      worker: "ingest",
      url: request.url,
      ingest: env.INGEST_URL,
      secret: env.SHOPIFY_WEBHOOK_SECRET,
      pipelines: typeof env.SYNC_TELEMETRY.send,
    });
  },
  async queue(batch, env) {
    await notes(env).note(batch.queue, batch.messages.map((message) => message.body));
    await env.SHOPIFY_BULK_SYNC.create({ id: "from-queue", params: batch.messages[0].body });
  },
  async scheduled(controller, env) {
    if (controller.cron === "9 9 9 9 *") throw new Error("no such cron");
    await notes(env).note("cron", [controller.cron, controller.scheduledTime]);
  },
};

export class Internal extends WorkerEntrypoint {
  async fetch() {
    return Response.json({ worker: "internal", notes: await notes(this.env).notes() });
  }
}

class Workflow extends WorkflowEntrypoint {
  async run(event, step) {
    const found = await step.do("look", async () => {
      const { looks = 0 } = await notes(this.env).notes();
      await notes(this.env).note("looks", looks + 1);
      return event.payload;
    });
    if (found.slow) {
      await step.do("wait", async () => {
        while (!(await notes(this.env).notes()).go) await scheduler.wait(50);
      });
    }
    await notes(this.env).note(found.slow ? "slow" : "workflow", found);
  }
}

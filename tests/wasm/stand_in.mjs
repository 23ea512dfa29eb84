// Runs in workerd in place of the Python Worker: relays queue batches, crons and Workflow runs to
// the process that has Python, and does to the platform what it answers.
import { WorkflowEntrypoint } from "cloudflare:workers";

async function ask(env, path, document) {
  const response = await fetch(env.STAND_IN_ORIGIN + path, {
    method: "POST",
    body: JSON.stringify(document),
  });
  return response.json();
}

export default {
  fetch: () => new Response("no such page", { status: 404 }),
  async queue(batch, env) {
    const messages = batch.messages.map(({ id, timestamp, body, attempts }) => ({
      id,
      timestamp: timestamp.getTime(),
      body,
      attempts,
    }));
    const verdicts = await ask(env, "/queue", { queue: batch.queue, messages });
    for (const message of batch.messages) {
      const verdict = verdicts[message.id];
      if (verdict === "ack") message.ack();
      else message.retry(verdict ?? {});
    }
  },
  async scheduled(controller, env) {
    const { cron, scheduledTime } = controller;
    await ask(env, "/scheduled", { cron, scheduledTime });
  },
};

export class Relay extends WorkflowEntrypoint {
  async run(event, step) {
    const { token } = await ask(this.env, "/workflow/run", { kind: this.constructor.kind, event });
    for (;;) {
      const command = await ask(this.env, "/workflow/next", { token });
      if (command.kind === "done") return command.result;
      if (command.kind === "failed") throw revive(command.error);
      this.ctx.waitUntil(this.obey(step, token, command));
    }
  }

  async obey(step, token, { seq, method, args }) {
    const answer = { token, seq };
    try {
      answer.value = await this.perform(step, token, { seq, method, args });
    } catch (error) {
      answer.error = { name: error.name, message: error.message };
    }
    await ask(this.env, "/workflow/answer", answer);
  }

  perform(step, token, { seq, method, args }) {
    if (method !== "do") return step[method](...args);
    return step.do(...args, async () => {
      const { value, error } = await ask(this.env, "/workflow/execute", { token, seq });
      if (error) throw revive(error);
      return value;
    });
  }
}

function revive({ name, message }) {
  const error = new Error(message);
  error.name = name;
  return error;
}

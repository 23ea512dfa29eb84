// One Worker in one process: Python in Pyodide, its platform in Miniflare. Commands come as JSON
// lines on standard input; one JSON line answers each. Anything else on standard output is log.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import {
  CONTRACT,
  Deliveries,
  DurableObjectNamespace,
  RecordingPipeline,
  startPlatform,
} from "./platform.mjs";
import { start } from "./runtime.mjs";
import { WorkflowRuns } from "./workflow_runs.mjs";

const options = JSON.parse(process.argv[2]);
let worker;
let platform;
const env = {};
const background = new Set();
const hidden = new Map();
const rerouted = new Map();

// What asks a host of the internet gets an answer from where a test says, and only then.
const outside = globalThis.fetch;
globalThis.fetch = (input, options) => {
  const request = new Request(input, options);
  const { origin, pathname, search } = new URL(request.url);
  if (!rerouted.has(origin)) return outside(input, options);
  return outside(new Request(rerouted.get(origin) + pathname + search, request));
};

class ExecutionContext {
  waitUntil(promise) {
    background.add(promise);
    Promise.resolve(promise).finally(() => background.delete(promise));
  }
  passThroughOnException() {}
}

async function entrypoint(name) {
  const type = worker.main[name];
  if (!type) throw new Error(`entry.py has no class ${name}`);
  return type.callPromising(new ExecutionContext(), env);
}

async function invoke(name, method, ...args) {
  return worker.call(await entrypoint(name), method, method === "fetch", ...args);
}

async function respond(name, { url, method = "GET", headers = {}, body }) {
  const response = await invoke(name, "fetch", new Request(url, { method, headers, body }));
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
    heap: worker.heap(),
  };
}

const deliveries = new Deliveries();

async function consume({ queue, messages }) {
  if (queue === CONTRACT) return deliveries.accept({ messages });
  const verdicts = {};
  const batch = new MessageBatch(queue, messages, verdicts);
  await invoke("Default", "queue", batch, {}, {});
  return verdicts;
}

class MessageBatch {
  constructor(queue, messages, verdicts) {
    this.queue = queue;
    this.messages = messages.map((message) => new QueueMessage(message, verdicts));
  }
}

class QueueMessage {
  #verdicts;
  constructor({ id, timestamp, body, attempts }, verdicts) {
    Object.assign(this, { id, timestamp: new Date(timestamp), body, attempts });
    this.#verdicts = verdicts;
  }
  ack() {
    this.#verdicts[this.id] = "ack";
  }
  retry(options = {}) {
    this.#verdicts[this.id] = { ...options };
  }
}

class ScheduledController {
  constructor({ cron, scheduledTime }) {
    Object.assign(this, { cron, scheduledTime });
  }
}

const runs = new WorkflowRuns(async (kind, event, step) => {
  const instance = await entrypoint(kind);
  return instance.run.callPromising(event, step);
});

const routes = {
  "/queue": consume,
  "/scheduled": async (document) => {
    await invoke("Default", "scheduled", new ScheduledController(document), {}, {});
    return {};
  },
  "/workflow/run": (document) => runs.begin(document),
  "/workflow/next": (document) => runs.next(document),
  "/workflow/execute": (document) => runs.execute(document),
  "/workflow/answer": (document) => runs.answer(document),
};

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  try {
    const [, kind, name, ...rest] = request.url.split("/");
    if (kind === "entrypoint") {
      const answer = await respond(name, {
        url: `http://internal/${rest.join("/")}`,
        method: request.method,
        headers: request.headers,
        body: body.length ? body : undefined,
      });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    } else {
      const result = await routes[request.url](JSON.parse(body.toString()));
      response.end(JSON.stringify(result ?? {}));
    }
  } catch (error) {
    console.error(error);
    response.writeHead(500).end(JSON.stringify({ error: String(error) }));
  }
});

// workerd keeps its connections; one that Node closed in that moment would be a lost request.
Object.assign(server, { keepAliveTimeout: 600_000, headersTimeout: 601_000, requestTimeout: 0 });

const commands = {
  figures: () => ({ ...worker.figures, heap: worker.heap() }),
  classes: () => worker.classes,
  fetch: ({ entrypoint: name = "Default", ...request }) => respond(name, request),
  async repeat({ entrypoint: name = "Default", count, url, ...request }) {
    let response;
    const began = performance.now();
    for (let n = 0; n < count; n += 1) {
      response = await invoke(name, "fetch", new Request(url, request));
      await response.text();
    }
    return { seconds: (performance.now() - began) / 1000, status: response.status };
  },
  trigger: ({ cron, scheduledTime }) => routes["/scheduled"]({ cron, scheduledTime }),
  consume,
  async python({ module, argument }) {
    const { run } = worker.pyodide.pyimport(module);
    return JSON.parse(await run.callPromising(env, JSON.stringify(argument ?? null)));
  },
  hide({ binding }) {
    hidden.set(binding, env[binding]);
    delete env[binding];
  },
  show({ binding }) {
    env[binding] = hidden.get(binding);
  },
  reroute({ origin, to }) {
    if (to) rerouted.set(origin, to);
    else rerouted.delete(origin);
  },
  write({ path, text }) {
    worker.pyodide.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    worker.pyodide.FS.writeFile(path, text);
  },
};

async function main() {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  platform = await startPlatform({ ...options, origin });
  Object.assign(env, platform.env, options.vars);
  for (const [binding, className] of Object.entries(options.durableObjects)) {
    env[binding] = new DurableObjectNamespace((state) => {
      const made = worker.main[className].callPromising(state, env);
      return async (method, args) => worker.call(await made, method, false, ...args);
    });
  }
  if (options.contract) {
    env.CONTRACT_PIPELINE = new RecordingPipeline(platform.env.COMMERCE_TELEMETRY);
    env.CONTRACT_TAKE = () => deliveries.take();
  }
  worker = await start({ ...options, env });
  reply({ ready: true, origin });
  for await (const line of createInterface({ input: process.stdin })) void answer(line);
  await platform.miniflare.dispose();
  process.exit(0);
}

async function answer(line) {
  const { id, command, ...document } = JSON.parse(line);
  try {
    reply({ id, result: (await commands[command](document)) ?? null });
  } catch (error) {
    reply({ id, error: `${error.message ?? error}` });
  }
}

function reply(document) {
  process.stdout.write(`@${JSON.stringify(document)}\n`);
}

main().catch((error) => {
  reply({ error: `${error.stack ?? error}` });
  process.exit(1);
});

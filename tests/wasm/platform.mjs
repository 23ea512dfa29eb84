// The platform around a Worker: Miniflare with the bindings of our own Wrangler file. Python runs
// beside workerd, not in it; so a small Worker stands in for it there. It takes what Miniflare's
// real queues, crons and Workflow engine deliver and passes it on over HTTP.
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";

export const CONTRACT = "contract";

export async function startPlatform({ config, vars, origin, ingestOrigin, contract = [] }) {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(config);
  addContractBindings(workerOptions, contract);
  hasten(workerOptions.queueConsumers);
  const workflows = Object.values(workerOptions.workflows ?? {});
  const stand = readFileSync(new URL("./stand_in.mjs", import.meta.url), "utf8");
  const classes = workflows.map(
    ({ className }) => `export class ${className} extends Relay { static kind = "${className}"; }`
  );
  const stood = {
    ...workerOptions,
    name: "worker",
    compatibilityFlags: ["nodejs_compat"],
    modules: [{ type: "ESModule", path: "stand_in.mjs", contents: stand + classes.join("\n") }],
    modulesRules: undefined,
    rootPath: undefined,
    durableObjects: {},
    workflowExports: {},
    additionalUnboundDurableObjects: [],
    bindings: { ...workerOptions.bindings, ...vars, STAND_IN_ORIGIN: origin },
    serviceBindings: {},
  };
  const miniflare = new Miniflare(convertV4MiniflareOptions(stood));
  await miniflare.ready;
  const bindings = await miniflare.getBindings("worker");
  delete bindings.STAND_IN_ORIGIN;
  const env = named(bindings, workerOptions);
  for (const [name, declared] of Object.entries(workerOptions.serviceBindings ?? {})) {
    env[name] = service(declared, ingestOrigin);
  }
  return { miniflare, env };
}

// A batch is whole after a moment, not after the seconds that our Wrangler file says.
function hasten(consumers) {
  for (const consumer of Object.values(consumers ?? {})) consumer.maxBatchTimeout = 0.2;
}

// What the contract suites need beside our own bindings: a queue and Workflows of their own.
function addContractBindings(options, workflows) {
  if (!workflows.length) return;
  options.queueProducers = { ...options.queueProducers, CONTRACT_QUEUE: { queueName: CONTRACT } };
  const consumer = { maxBatchSize: 100, maxBatchTimeout: 0 };
  options.queueConsumers = { ...options.queueConsumers, [CONTRACT]: consumer };
  for (const name of workflows) {
    const className = name.replaceAll("-", "_");
    options.workflows = { ...options.workflows, [`CONTRACT_${className}`]: { name, className } };
  }
}

// A service binding: the other Worker's process, which has Python too, answers over HTTP.
function service({ entrypoint = "Default" }, ingestOrigin) {
  const forward = (input, options) => {
    const request = new Request(input, options);
    const { pathname, search } = new URL(request.url);
    return fetch(`${ingestOrigin}/entrypoint/${entrypoint}${pathname}${search}`, request);
  };
  return as({ fetch: forward }, "Fetcher");
}

// The SDK knows bindings by the names of their classes, which Miniflare's stubs do not have here.
function named(bindings, options) {
  const kinds = [
    ["KvNamespace", options.kvNamespaces, {}],
    ["R2Bucket", options.r2Buckets, R2_RESULTS],
    ["WorkerQueue", options.queueProducers, {}],
    ["AnalyticsEngineDataset", options.analyticsEngineDatasets, {}],
    ["WorkflowImpl", options.workflows, { create: "InstanceImpl", get: "InstanceImpl" }],
    ["Fetcher", options.pipelines, {}],
  ];
  const env = { ...bindings };
  for (const [name, declared, results] of kinds) {
    for (const key of Object.keys(declared ?? {})) env[key] = as(bindings[key], name, results);
  }
  return env;
}

const R2_RESULTS = {
  head: "HeadResult",
  put: "HeadResult",
  get: "GetResult",
  createMultipartUpload: "MultipartUpload",
  complete: "HeadResult",
};

function as(target, name, results = {}) {
  if (target === null || typeof target !== "object") return target;
  return new Proxy(target, {
    get(object, key) {
      if (key === "constructor") return { name };
      if (key === "then") return undefined;
      const value = object[key];
      if (typeof value !== "function") return key === "objects" ? value.map(asObject) : value;
      return (...args) => {
        const result = value.apply(object, args);
        const kind = results[key] ?? (key === "list" ? "ListResult" : undefined);
        if (!kind || typeof result?.then !== "function") return result;
        return result.then((settled) => as(settled, kind, results));
      };
    },
  });
}

const asObject = (object) => as(object, "HeadResult");

// Durable Objects: the Python class with SQLite below it; arguments and results cross as they do
// over RPC, by structured clone.
export class DurableObjectNamespace {
  #objects = new Map();
  #create;
  constructor(create) {
    this.#create = create;
  }
  getByName(name) {
    if (!this.#objects.has(name)) this.#objects.set(name, this.#create(new DurableObjectState()));
    return new Fetcher(this.#objects.get(name));
  }
}

class Fetcher {
  constructor(call) {
    return new Proxy(this, {
      get(object, key) {
        if (typeof key !== "string" || key === "then" || key in object) return object[key];
        return async (...args) => structuredClone(await call(key, structuredClone(args)));
      },
    });
  }
}

class DurableObjectState {
  storage = new DurableObjectStorage();
}

class DurableObjectStorage {
  sql = new SqlStorage();
}

class SqlStorage {
  #database = new DatabaseSync(":memory:");
  exec(query, ...values) {
    const bound = [];
    let next = 0;
    const plain = query.replace(/\?(\d*)/g, (_, number) => {
      bound.push(values[number ? Number(number) - 1 : next++]);
      return "?";
    });
    const rows = this.#database.prepare(plain).all(...bound);
    const written = this.#database.prepare("SELECT changes() AS n").get().n;
    return new SqlStorageCursor(rows.map((row) => ({ ...row })), written);
  }
}

class SqlStorageCursor {
  #rows;
  constructor(rows, rowsWritten) {
    this.#rows = rows;
    this.rowsWritten = rowsWritten;
  }
  toArray() {
    return this.#rows;
  }
}

// A pipeline that keeps what it is given. In production and in Miniflare a pipeline is a Fetcher
// with a method `send`, whose argument crosses by structured clone.
export class RecordingPipeline {
  #rows = [];
  constructor(pipeline) {
    const record = (rows) => this.#rows.push(...structuredClone(rows));
    const rows = () => this.#rows;
    const recorder = {
      async send(sent) {
        record(sent);
        await pipeline.send(structuredClone(sent));
      },
      text: () => JSON.stringify(rows()),
      clear: () => rows().splice(0),
    };
    return as(recorder, "Fetcher");
  }
}

// What the contract's queue has delivered and nobody has taken yet.
export class Deliveries {
  #bodies = [];
  accept({ messages }) {
    this.#bodies.push(...messages.map((message) => JSON.parse(message.body)));
    return Object.fromEntries(messages.map(({ id }) => [id, "ack"]));
  }
  async take() {
    for (let waited = 0; waited < 600 && !this.#bodies.length; waited += 50) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return JSON.stringify(this.#bodies.splice(0));
  }
}

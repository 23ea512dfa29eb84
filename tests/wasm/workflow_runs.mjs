// Workflow runs that Miniflare's engine has begun: Python runs here, its steps are made there.

export class WorkflowRuns {
  #runs = new Map();
  #start;
  constructor(start) {
    this.#start = start;
  }

  begin({ kind, event }) {
    const token = crypto.randomUUID();
    const run = new Run();
    this.#runs.set(token, run);
    event.timestamp = new Date(event.timestamp);
    Promise.resolve()
      .then(() => this.#start(kind, event, new WorkflowStep(run)))
      .then((result) => run.push({ kind: "done", result: result ?? null }))
      .catch((error) => run.push({ kind: "failed", error: described(error) }));
    return { token };
  }

  next({ token }) {
    return this.#runs.get(token).shift();
  }

  async execute({ token, seq }) {
    try {
      return { value: await this.#runs.get(token).callbacks.get(seq)() };
    } catch (error) {
      return { error: described(error) };
    }
  }

  answer({ token, seq, value, error }) {
    this.#runs.get(token).settle(seq, value, error);
  }
}

class Run {
  callbacks = new Map();
  #pending = new Map();
  #commands = [];
  #waiting = [];
  #seq = 0;

  ask(method, args, callback) {
    const seq = this.#seq++;
    this.callbacks.set(seq, callback);
    this.push({ kind: "step", seq, method, args });
    return new Promise((resolve, reject) => this.#pending.set(seq, { resolve, reject }));
  }

  settle(seq, value, error) {
    const { resolve, reject } = this.#pending.get(seq);
    if (!error) return resolve(value);
    const revived = new Error(error.message);
    revived.name = error.name;
    return reject(revived);
  }

  push(command) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(command);
    else this.#commands.push(command);
  }

  shift() {
    if (this.#commands.length) return this.#commands.shift();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

// Closures, not methods: the SDK reaches them through a proxy.
class WorkflowStep {
  constructor(run) {
    this.do = (name, ...rest) => {
      const callback = rest.pop();
      return run.ask("do", [name, ...rest], callback.copy?.() ?? callback);
    };
    this.sleep = (name, duration) => run.ask("sleep", [name, duration]);
    this.sleepUntil = (name, at) => run.ask("sleepUntil", [name, at]);
    this.waitForEvent = (name, options) => run.ask("waitForEvent", [name, options]);
  }
}

function described(error) {
  return { name: error.name ?? "Error", message: error.message ?? String(error) };
}

// Calls a method of a binding. From Python `pipeline.send(...)` reaches Pyodide's generator
// protocol instead of the binding, so the call has to be made here.
export function call(binding, method, ...args) {
  return binding[method](...args);
}

// The same with arguments as JSON, which crosses faster than objects do.
export function callWithJson(binding, method, text) {
  return binding[method](JSON.parse(text));
}

export function callForEach(binding, method, text) {
  for (const argument of JSON.parse(text)) binding[method](argument);
}

// What an environment has, to be compared with another time by isSame.
export function seen(env) {
  return { ...env };
}

export function isSame(env, seen) {
  const names = Object.keys(env);
  const isAsSeen = (name) => env[name] === seen[name];
  return names.length === Object.keys(seen).length && names.every(isAsSeen);
}

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

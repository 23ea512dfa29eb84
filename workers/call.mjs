// Calls a method of a binding. From Python `pipeline.send(...)` reaches Pyodide's generator
// protocol instead of the binding, so the call has to be made here.
export function call(binding, method, ...args) {
  return binding[method](...args);
}

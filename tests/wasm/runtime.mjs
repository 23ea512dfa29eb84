// Loads a staged Worker into Pyodide as workerd does: the same search path, the same rules at
// import (no entropy, a clock that stands at 1970, no network, no timers), the same way to call.
import nodeCrypto from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { loadPyodide } from "pyodide";

const METADATA = "/session/metadata";
const FLAGS = {
  python_workers: true,
  python_workflows: true,
  python_workflows_implicit_dependencies: true,
  python_request_headers_preserve_commas: true,
  python_external_sdk: true,
  python_process_pth_files: true,
};

export async function start({ bundle, modules, seam, runtimeFiles, env }) {
  const pyodide = await loadPyodide({ fullStdLib: false });
  const heap = () => pyodide._module.HEAP8.length / 1048576;
  const bare = heap();
  copyTree(pyodide, bundle, METADATA);
  const sizes = { worker: treeSize(bundle), modules: treeSize(modules) };
  copyTree(pyodide, modules, `${METADATA}/python_modules`);
  if (seam) copyTree(pyodide, seam, `${METADATA}/python_modules`);
  const sitePackages = pyodide.runPython("import site; site.getsitepackages()[0]");
  for (const [name, text] of Object.entries(runtimeFiles)) {
    write(pyodide, `${sitePackages}/${name}`, Buffer.from(text));
  }
  pyodide.registerJsModule("_pyodide_entrypoint_helper", helper(bundle, modules, env));
  pyodide.registerJsModule("_cloudflare_compat_flags", FLAGS);
  const allowed = prepareSearchPath(pyodide);
  const milliseconds = await importEntry(pyodide, allowed);
  pyodide.runPython(
    "from _cloudflare.entropy_patches import before_first_request\nbefore_first_request()"
  );
  const introspection = pyodide.pyimport("_cloudflare_introspection");
  const main = pyodide.pyimport("entry");
  const classes = introspection.collect_entrypoint_classes(main);
  const figures = { bare, imported: heap(), milliseconds, sizes };
  return { pyodide, main, classes, figures, heap, call: caller(introspection) };
}

// Methods are called through the runtime's own wrapper, which converts arguments and results.
function caller(introspection) {
  return (instance, method, relaxed, ...args) =>
    introspection.wrapper_func.callPromising(relaxed, instance, method, ...args);
}

function prepareSearchPath(pyodide) {
  pyodide.runPython(`
import sys
sys.path.append("${METADATA}")
for name in ("random", "tempfile"):  # the runtime's patches want to see them imported
    sys.modules.pop(name, None)
from _cloudflare_search_path import setup_python_search_path
setup_python_search_path(LEGACY_VENDOR_PATH=False, PROCESS_PTH_FILES=True)
from _cloudflare.entropy_patches import before_top_level
before_top_level()
`);
  return pyodide.runPython(
    "from _cloudflare.allow_entropy import ALLOWED_ENTROPY_CALLS as calls\ncalls.buffer_info()[0]"
  );
}

async function importEntry(pyodide, allowed) {
  const began = process.hrtime.bigint();
  const restore = forbid(pyodide, allowed);
  try {
    await pyodide._module.API.pyodide_base.pyimport_impl.callPromising("entry");
  } finally {
    restore();
  }
  return Number(process.hrtime.bigint() - began) / 1e6;
}

function forbid(pyodide, allowed) {
  const refuse = (what) => () => {
    throw new Error(`Disallowed operation called within global scope: ${what}`);
  };
  const saved = [];
  const replace = (owner, name, value) => {
    saved.push([owner, name, Object.getOwnPropertyDescriptor(owner, name)]);
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  };
  const random = (array) => {
    const heap = pyodide._module.HEAP8;
    if (!heap[allowed]) refuse("getRandomValues")();
    heap[allowed] -= 1;
    return array.fill(43);
  };
  replace(crypto, "getRandomValues", random);
  replace(nodeCrypto, "randomFillSync", random); // what Pyodide uses on Node
  replace(Date, "now", () => 0);
  replace(performance, "now", () => 0);
  // Modules keep the `fetch` they find at import, so this one stays and asks whether it may.
  const { fetch } = globalThis;
  let forbidden = true;
  globalThis.fetch = (...args) => (forbidden ? refuse("fetch")() : fetch(...args));
  return () => {
    forbidden = false;
    for (const [owner, name, descriptor] of saved.reverse()) {
      if (descriptor) Object.defineProperty(owner, name, descriptor);
      else delete owner[name];
    }
  };
}

function helper(bundle, modules, env) {
  const doAnImport = (name) => {
    const file = name.startsWith("python_modules/")
      ? path.join(modules, name.slice("python_modules/".length))
      : path.join(bundle, name);
    return import(pathToFileURL(file).href);
  };
  return {
    doAnImport,
    cloudflareWorkersModule: { env, waitUntil: (promise) => void promise },
    cloudflareSocketsModule: {},
    patchWaitUntil: () => {},
  };
}

function copyTree(pyodide, from, to) {
  for (const [name, content] of files(from)) write(pyodide, `${to}/${name}`, content);
}

function treeSize(folder) {
  return files(folder).reduce((sum, [, content]) => sum + content.length, 0);
}

function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".pyc"))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => [path.relative(folder, file), readFileSync(file)]);
}

function write(pyodide, target, content) {
  pyodide.FS.mkdirTree(path.dirname(target));
  pyodide.FS.writeFile(target, new Uint8Array(content));
}

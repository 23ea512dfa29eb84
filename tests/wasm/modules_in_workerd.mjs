// Our JavaScript modules in workerd itself, called by a Worker that says what they returned.
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

const [compatibilityDate] = process.argv.slice(2);
const LIMIT = 1000;
const LARGE = 3_000_000;
const WORKER = `
import { bounded, nextPiece } from "./bodies.mjs";
import { answered, asked } from "./plain.mjs";
import { callForEach, callWithJson, isSame, seen } from "./call.mjs";

const routes = {
  async bounded(request) {
    const one = await bounded(request, ${LIMIT});
    const body = await one.text();
    return { method: one.method, url: new URL(one.url).pathname, type: one.headers.get("content-type"),
      length: one.headers.get("content-length"), got: body.length };
  },
  async asked(request) {
    const found = await asked(request, ${LIMIT});
    if (found === undefined) return null;
    const end = found.indexOf("\\n");
    const [method, path, query, headers] = JSON.parse(found.slice(0, end));
    return { method, path, query, type: headers["content-type"], body: found.slice(end + 1) };
  },
  async object(_request, env) {
    await env.BUCKET.put("large", new Uint8Array(${LARGE}));
    return pieces((await env.BUCKET.get("large")).body);
  },
  async sent(request) {
    return pieces(request.body);
  },
  async calls(_request, env) {
    const took = [];
    const binding = { async send(rows) { took.push(rows); }, write(point) { took.push(point); } };
    await callWithJson(binding, "send", '[{"a":1}]');
    callForEach(binding, "write", '[1,2]');
    const before = seen(env);
    return { took, same: isSame(env, before), other: isSame({ ...env, MORE: 1 }, before) };
  },
};

async function pieces(body) {
  const reader = body.getReader();
  let [number, bytes] = [0, 0];
  for (let piece; (piece = await nextPiece(reader)) !== undefined; number += 1) bytes += piece.byteLength;
  return { number, bytes };
}

export default {
  async fetch(request, env) {
    const found = await routes[new URL(request.url).pathname.slice(1)](request, env);
    return answered(200, '{"X-Told":"so","Content-Type":"application/json"}', JSON.stringify(found));
  },
};
`;

const file = (path) => ({
  type: "ESModule",
  path,
  contents: readFileSync(new URL(`../../workers/${path}`, import.meta.url), "utf8"),
});
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    modules: [
      { type: "ESModule", path: "main.mjs", contents: WORKER },
      ...["bodies.mjs", "plain.mjs", "call.mjs"].map(file),
    ],
    compatibilityDate,
    r2Buckets: ["BUCKET"],
    port: 0,
  })
);
const url = await miniflare.ready;

function post(path, bytes, isChunked) {
  const length = isChunked ? { "transfer-encoding": "chunked" } : { "content-length": bytes };
  const headers = { "content-type": "text/plain", ...length };
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { method: "POST", headers }, async (answer) => {
      let text = "";
      for await (const part of answer) text += part;
      resolve({ told: answer.headers["x-told"], ...JSON.parse(text) });
    });
    sent.on("error", reject);
    sent.end(Buffer.alloc(bytes, "b"));
  });
}

const found = {
  small: await post("/bounded", LIMIT, false),
  small_chunked: await post("/bounded", LIMIT, true),
  large: await post("/bounded", LIMIT + 1, false),
  large_chunked: await post("/bounded", LIMIT + 1, true),
  asked: await post("/asked?a=b", 2, false),
  not_asked: await post("/asked", LIMIT + 1, false),
  sent: await post("/sent", LARGE, false),
  object: await post("/object", 0, false),
  calls: await post("/calls", 0, false),
};
process.stdout.write(JSON.stringify(found));
await miniflare.dispose();

// Requests and answers of the hot routes, each in one crossing between JavaScript and Python.

const ADDRESS = /^[^:]*:\/\/[^/]*([^?#]*)(?:\?([^#]*))?/;

// Returns what a request says as a line of JSON, and its body below it, all in one text: each value
// by itself would be a crossing. Undefined if the ordinary way has to take it. Only a POST has a body
// that is read here.
export async function asked(request, limit) {
  const [, path, query] = ADDRESS.exec(request.url);
  const headers = Object.fromEntries(request.headers);
  const isPost = request.method === "POST";
  if (isPost && !(Number(headers["content-length"] ?? NaN) <= limit)) return undefined;
  const country = request.cf?.country ?? null;
  const head = JSON.stringify([request.method, path, query ?? "", headers, country]);
  return `${head}\n${isPost ? await request.text() : ""}`;
}

export function answered(status, headers, body) {
  return new Response(body?.length ? body : null, { status, headers: JSON.parse(headers) });
}

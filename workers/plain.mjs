// Requests and answers of the hot routes, each in one crossing between JavaScript and Python.

// Returns what a request says as JSON, and its body; undefined if the ordinary way has to take it.
export async function asked(request, limit) {
  const { pathname, search } = new URL(request.url);
  const headers = Object.fromEntries(request.headers);
  const length = Number(headers["content-length"] ?? NaN);
  if (request.body && !(length <= limit)) return undefined;
  const country = request.cf?.country ?? null;
  const head = [request.method, pathname, search.slice(1), headers, country];
  return [JSON.stringify(head), request.body ? await request.text() : ""];
}

export function answered(status, headers, body) {
  return new Response(body?.length ? body : null, { status, headers: JSON.parse(headers) });
}

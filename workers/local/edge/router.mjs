// Stands before the Workers under `wrangler dev`, which gives a port to its first Worker only: hands
// each request to the one that its header names. For development; nothing deploys it.
const HEADER = "X-Edge-Worker";

export default {
  async fetch(request, env) {
    const name = request.headers.get(HEADER) ?? "";
    if (!Object.hasOwn(env, name)) {
      return new Response(`no such Worker: ${name}\n`, { status: 404 });
    }
    const headers = new Headers(request.headers);
    headers.delete(HEADER);
    return env[name].fetch(new Request(request, { headers }));
  },
};

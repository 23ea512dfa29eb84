export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/queue") {
      await env.INGEST_QUEUE.send({ hello: "ingest" });
      return new Response(null, { status: 204 });
    }
    if (pathname === "/redirect") return Response.redirect("https://elsewhere.example/x", 302);
    const health = await (await env.INGEST.fetch("http://internal/health")).json();
    return Response.json({
      worker: "dashboard",
      url: request.url,
      health,
      token: env.SHOPIFY_ACCESS_TOKEN,
      access: request.headers.get("Cf-Access-Jwt-Assertion"),
      routed: request.headers.get("X-Edge-Worker"),
    });
  },
};

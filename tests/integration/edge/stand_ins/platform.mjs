export default {
  async fetch(request, env) {
    const headers = new Headers({ "X-Streams": env.STREAMS_URL });
    for (const cookie of ["a=1", "b=2"]) headers.append("Set-Cookie", cookie);
    const text = `version one: ${request.method} ${request.url} ${await request.text()}`;
    return new Response(text, { status: 201, headers });
  },
};

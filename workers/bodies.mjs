// Bodies of requests and answers, read in pieces that are worth a crossing into Python.

const PIECE = 262144;

// Returns the next piece of a body, undefined at its end; the runtime's own pieces have 4 KiB.
export function nextPiece(reader) {
  return gathered(reader, PIECE);
}

// Returns a request whose body may be read whole. One that is larger than the limit comes without
// its body, and says how large it is: the application refuses it for that.
export async function bounded(request, limit) {
  const declared = request.headers.get("content-length");
  if (declared !== null) return Number(declared) <= limit ? request : rebuilt(request, declared);
  const reader = request.body.getReader();
  const body = await gathered(reader, limit + 1);
  if (body === undefined || body.byteLength <= limit) return rebuilt(request, null, body);
  await reader.cancel();
  return rebuilt(request, limit + 1);
}

function rebuilt(request, length, body) {
  const headers = new Headers(request.headers);
  if (length !== null) headers.set("content-length", length);
  return new Request(request.url, { method: request.method, headers, body });
}

// Reads at least that many bytes, or all there are; undefined if there are none.
async function gathered(reader, bytes) {
  const pieces = [];
  let size = 0;
  while (size < bytes) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    size += value.byteLength;
  }
  if (pieces.length <= 1) return pieces[0];
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}

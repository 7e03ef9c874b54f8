// What a request brings as the function's payload: query, JSON, form or raw text; at most 10 MB.
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** A body that is refused before the function is called. */
export class RefusedBody extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// What comes after a refusal is read and dropped: to close with a body half read would cut the answer off on its way.
export function readBody(request) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let size = 0;
    request.on("data", (chunk) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(new RefusedBody(413, "the body is larger than 10 MB"));
      }
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", reject);
  });
}

export async function readPayload(request, type) {
  if (request.method === "GET" || request.method === "HEAD") {
    return listsOf(new URL(request.url, "http://localhost").searchParams);
  }
  const body = await readBody(request);
  if (body.length === 0) return {};
  if (type === "application/json" || /^application\/[\w.-]+\+json$/.test(type)) return parseJson(body);
  if (type === "application/x-www-form-urlencoded") return listsOf(new URLSearchParams(body.toString()));
  if (type === "multipart/form-data") return readForm(request, body);
  if (type === "" || type.startsWith("text/")) return body.toString();
  throw new RefusedBody(415, `request body type is not supported: ${type}`);
}

async function readForm(request, body) {
  const form = await new Response(body, { headers: { "Content-Type": request.headers["content-type"] } }).formData();
  const fields = new URLSearchParams();
  for (const [name, value] of form) fields.append(name, typeof value === "string" ? value : await value.text());
  return listsOf(fields);
}

function parseJson(body) {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new RefusedBody(400, "request body is not json");
  }
}

/** One value as a string, several of a name as a list. */
function listsOf(params) {
  return Object.fromEntries(
    [...new Set(params.keys())].map((name) => {
      const values = params.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}

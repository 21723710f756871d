import type { MiddlewareHandler } from 'hono';
import { incomingOf, type ApiContext, type ApiEnv } from './context';
import { Problem } from './problems';
import { MalformedJson, parseStrictJson } from './strict-json';

/** An order of 100 lines with the longest ids takes about 11 KiB. */
export const bodyBytesMax = 16 * 1024;

const jsonType = /^application\/json\s*(?:;\s*charset\s*=\s*(?:utf-8|"utf-8")\s*)?$/i;

/**
 * Reads the body as strict JSON: the route's schema validates what was sent, and not what a lenient
 * parser made of it. If the body is `optional`, an absent one becomes an empty object.
 *
 * @throws Problem `unsupported-media-type`, `body-too-large` or `malformed-request`
 */
export function strictJsonBody(options: { optional: boolean }): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    refuseEncoding(c);
    const bytes = await readBytes(c);
    const absent = bytes.byteLength === 0 && options.optional;
    if (!absent) refuseOtherTypes(c);
    const body = absent ? {} : parseBytes(bytes);
    // Otherwise Hono's validator would parse the text again with JSON.parse.
    c.req.json = () => Promise.resolve(body) as Promise<never>;
    // The body was read already; reading it again would create a second Request.
    if (absent) Object.defineProperty(c.req.raw, 'body', { value: null });
    await next();
  };
}

function refuseEncoding(c: ApiContext): void {
  const encoding = c.req.header('content-encoding');
  if (encoding === undefined) return;
  throw new Problem('unsupported-media-type', 'A content encoding is not supported.');
}

function refuseOtherTypes(c: ApiContext): void {
  if (jsonType.test(c.req.header('content-type') ?? '')) return;
  throw new Problem(
    'unsupported-media-type',
    'The content type must be application/json in UTF-8.',
  );
}

function parseBytes(bytes: Uint8Array): unknown {
  try {
    // Keeps a byte order mark, so the parser refuses it: JSON has none.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return parseStrictJson(text);
  } catch (error) {
    if (error instanceof MalformedJson) {
      throw new Problem('malformed-request', `The body is not valid. ${error.message}`);
    }
    throw new Problem('malformed-request', 'The body is not UTF-8.', { cause: error });
  }
}

async function readBytes(c: ApiContext): Promise<Uint8Array> {
  const length = c.req.header('content-length');
  if (length !== undefined && Number(length) > bodyBytesMax) throw tooLarge();
  try {
    // Bounded, because the HTTP parser ends the body at its declared length.
    if (length !== undefined) return new Uint8Array(await c.req.arrayBuffer());
    if (isBodiless(c)) return new Uint8Array();
    return await readChunks(c.req.raw.body);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('malformed-request', 'The body ended early.', { cause: error });
  }
}

/** An HTTP/1.1 request has a body only with a length or a transfer encoding. */
function isBodiless(c: ApiContext): boolean {
  return incomingOf(c) !== undefined && c.req.header('transfer-encoding') === undefined;
}

/** Stops reading at the limit, so an endless body costs no more. */
async function readChunks(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  if (!body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > bodyBytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function tooLarge(): Problem {
  return new Problem('body-too-large', `The limit is ${String(bodyBytesMax)} bytes.`, {
    // Otherwise Node would read the rest of the body and discard it.
    headers: { Connection: 'close' },
  });
}

import type { MiddlewareHandler } from 'hono';
import { incomingOf, type ApiContext, type ApiEnv } from './context';
import { Problem } from './problems';
import { MalformedJson, parseStrictJson } from './strict-json';

/** An order of 100 lines with the longest ids has some 11 KiB. */
export const bodyBytesMax = 16 * 1024;

const jsonType = /^application\/json\s*(?:;\s*charset\s*=\s*(?:utf-8|"utf-8")\s*)?$/i;

/**
 * Reads the body as strict JSON, so that the route's schema validates what was sent and not what
 * a forgiving parser made of it. An absent body is an empty object where it is `optional`.
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
    // Hono's validator would parse the text again, with JSON.parse.
    c.req.json = () => Promise.resolve(body) as Promise<never>;
    // It has been read; looking for it once more would make a second Request of this one.
    if (absent) Object.defineProperty(c.req.raw, 'body', { value: null });
    await next();
  };
}

function refuseEncoding(c: ApiContext): void {
  const encoding = c.req.header('content-encoding');
  if (encoding === undefined) return;
  throw new Problem('unsupported-media-type', 'A body with a content encoding is not taken.');
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
    // A byte order mark is kept, so that it is refused: JSON has none.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return parseStrictJson(text);
  } catch (error) {
    if (error instanceof MalformedJson) {
      throw new Problem('malformed-request', `The body is refused. ${error.message}`);
    }
    throw new Problem('malformed-request', 'The body is not UTF-8.', { cause: error });
  }
}

async function readBytes(c: ApiContext): Promise<Uint8Array> {
  const length = c.req.header('content-length');
  if (length !== undefined && Number(length) > bodyBytesMax) throw tooLarge();
  try {
    // The HTTP parser ends the body at its declared length, so that this is bounded.
    if (length !== undefined) return new Uint8Array(await c.req.arrayBuffer());
    if (isBodiless(c)) return new Uint8Array();
    return await readChunks(c.req.raw.body);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('malformed-request', 'The body ended too early.', { cause: error });
  }
}

/** HTTP/1.1 has a body only with a length or a transfer encoding. */
function isBodiless(c: ApiContext): boolean {
  return incomingOf(c) !== undefined && c.req.header('transfer-encoding') === undefined;
}

/** Stops reading at the limit, so that an endless body costs no more than that. */
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
    // What is left of the body would otherwise be read only to be thrown away.
    headers: { Connection: 'close' },
  });
}

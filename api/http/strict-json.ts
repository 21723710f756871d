import { getUnsafeNumberReason, parse } from 'lossless-json';

/**
 * Strict JSON. `JSON.parse` rounds 2^53 + 1, makes 1e309 Infinity, and takes the last of two equal
 * keys.
 */

/** The text is not JSON, or parsers would read it differently. */
export class MalformedJson extends Error {}

const depthMax = 20;

/** Unpaired surrogates: with the `u` flag a pair is one character and does not match. */
const loneSurrogate = /\p{Surrogate}/u;

/**
 * Parses a JSON text. A number that JavaScript cannot represent becomes NaN, which every schema
 * refuses. `__proto__` becomes an ordinary own key, which no schema declares.
 *
 * @throws MalformedJson with a sentence that may be shown to the caller.
 */
export function parseStrictJson(text: string): unknown {
  // Measured before parsing: the parser recurses, and a deep text would overflow its stack.
  const { depth, members } = measure(text);
  if (depth > depthMax)
    throw new MalformedJson(`It is nested more than ${String(depthMax)} levels deep.`);
  const value = parseLossless(text);
  // The parser accepts a key twice if both values are equal; then the value has fewer members than
  // the text.
  if (countMembers(value) !== members) throw new MalformedJson('An object has the same key twice.');
  return value;
}

function parseLossless(text: string): unknown {
  try {
    return parse(text, null, {
      parseNumber: (number) =>
        getUnsafeNumberReason(number) === undefined ? Number(number) : Number.NaN,
      onDuplicateKey: () => {
        throw new MalformedJson('An object has the same key twice.');
      },
    });
  } catch (error) {
    if (error instanceof MalformedJson) throw error;
    throw new MalformedJson('It is not JSON.', { cause: error });
  }
}

/** The depth of brackets and the number of colons outside strings. */
function measure(text: string): { depth: number; members: number } {
  let open = 0;
  let depth = 0;
  let members = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (inString) {
      if (character === '\\') i++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === ':') members++;
    else if (character === '{' || character === '[') depth = Math.max(depth, ++open);
    else if (character === '}' || character === ']') open--;
  }
  return { depth, members };
}

/** Counts the members of all objects. Refuses strings that a database would not store as sent. */
function countMembers(value: unknown): number {
  if (typeof value === 'string') {
    if (value.includes('\0') || loneSurrogate.test(value)) {
      throw new MalformedJson('A string contains NUL or an unpaired surrogate.');
    }
    return 0;
  }
  if (typeof value !== 'object' || value === null) return 0;
  if (Array.isArray(value)) return value.reduce((sum: number, v) => sum + countMembers(v), 0);
  return Object.entries(value).reduce(
    (sum, [key, member]) => sum + 1 + countMembers(key) + countMembers(member),
    0,
  );
}

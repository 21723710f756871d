import { getUnsafeNumberReason, parse } from 'lossless-json';

/**
 * JSON without the liberties that `JSON.parse` takes: it rounds 2^53 + 1, makes 1e309 Infinity,
 * and lets the last of two equal keys win.
 */

/** The text is no JSON, or none that all parsers would read alike. */
export class MalformedJson extends Error {}

const depthMax = 20;

/** Surrogates that are not half of a pair; with the flag, a pair is one character of another kind. */
const loneSurrogate = /\p{Surrogate}/u;

/**
 * Parses a JSON text. Numbers that JavaScript cannot hold come out as NaN, which no schema takes
 * for a number; `__proto__` comes out as an ordinary own key, which none declares.
 *
 * @throws MalformedJson with a sentence that may be shown to the caller.
 */
export function parseStrictJson(text: string): unknown {
  // Counted before parsing: the parser recurses, and a deep text would end its stack.
  const { depth, members } = measure(text);
  if (depth > depthMax) throw new MalformedJson(`It is nested deeper than ${String(depthMax)}.`);
  const value = parseLossless(text);
  // The parser lets a key come twice when the values are equal too, so that members are missing.
  if (countMembers(value) !== members) throw new MalformedJson('A key comes twice in an object.');
  return value;
}

function parseLossless(text: string): unknown {
  try {
    return parse(text, null, {
      parseNumber: (number) =>
        getUnsafeNumberReason(number) === undefined ? Number(number) : Number.NaN,
      onDuplicateKey: () => {
        throw new MalformedJson('A key comes twice in an object.');
      },
    });
  } catch (error) {
    if (error instanceof MalformedJson) throw error;
    throw new MalformedJson('It is not JSON.', { cause: error });
  }
}

/** The depth of brackets, and the number of colons, outside strings. */
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

/** Counts the members of all objects, and refuses strings that no database would keep as sent. */
function countMembers(value: unknown): number {
  if (typeof value === 'string') {
    if (value.includes('\0') || loneSurrogate.test(value)) {
      throw new MalformedJson('A string holds NUL or half a surrogate pair.');
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

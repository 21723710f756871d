import type { Reader } from './snapshot';

const idsPerQuery = 1_000;

/** The rows of a SELECT that ends in IN, for many ids. */
export async function inParts<T>(reader: Reader, select: string, ids: string[]): Promise<T[]> {
  const found: T[] = [];
  for (let from = 0; from < ids.length; from += idsPerQuery) {
    const some = ids.slice(from, from + idsPerQuery);
    found.push(...(await reader.rows<T>(`${select} (${some.map(() => '?').join(', ')})`, some)));
  }
  return found;
}

/**
 * What is bound to a statement is of the type that its column has. To MySQL every string that does
 * not begin with a digit equals the number 0, and a list is several values: a parameter of another
 * type would find, or change, what is others'. Types alone do not hold what comes from a token, a
 * payload or a cast.
 */

/** @throws TypeError when it is no string */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`A parameter is no string: ${typeof value}`);
}

/** @throws TypeError when one of them is no string */
export function texts(values: readonly unknown[]): string[] {
  return values.map(text);
}

/** @throws TypeError when it is no number of rows */
export function rowCount(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`A parameter is no number of rows: ${typeof value}`);
}

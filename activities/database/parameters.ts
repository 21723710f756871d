/**
 * Checks that a statement's parameters have their columns' types. In MySQL every string that does
 * not begin with a digit equals the number 0, and a list is several values. A parameter of another
 * type could therefore read or change other rows. TypeScript's types cannot check values from a
 * token, a payload or a cast.
 */

/** @throws TypeError if it is not a string */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`A parameter is not a string: ${typeof value}`);
}

/** @throws TypeError if one of them is not a string */
export function texts(values: readonly unknown[]): string[] {
  return values.map(text);
}

/** @throws TypeError if it is not a number of rows */
export function rowCount(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`A parameter is not a number of rows: ${typeof value}`);
}

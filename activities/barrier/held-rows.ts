/**
 * Thrown by a step that does not wait for rows that another session has locked. The batch runs
 * again without the orders that need them: see `BatchStep.needing`.
 */
export class RowsHeld extends Error {
  /** @param keys the rows' primary keys */
  constructor(
    readonly table: string,
    readonly keys: ReadonlySet<string>,
  ) {
    super(`${String(keys.size)} rows of ${table} are locked`);
  }
}

import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import type { Broken, Cancelled, Done, Frozen, Rejected } from '../../contracts/steps';
import { rowsOf } from '../database/rows';
import type { Row } from '../database/tables';

/**
 * The outcomes that a barrier row may record. `locked` and `broken` are not recorded, so both can
 * be retried.
 */
export type RecordedOutcome = Done | Rejected | Cancelled;

export interface Keyed {
  orderId: string;
}

interface Entry {
  orderId: string;
  step: string;
  hash: string;
}

export interface BarrierRow {
  hash: string;
  /** Null means that this transaction inserted the row and must fill it in before it commits. */
  outcome: RecordedOutcome | null;
}

/** A step, and how to tell its commands from others with the same order id. */
export interface Barrier<C extends Keyed> {
  step: string;
  /** Covers only the order's content: no workflow id, attempt, time or expiry. */
  hashOf: (command: C) => string;
}

/** A hash of a canonical form, with a version prefix that allows a later change of the form. */
export function contentHash(content: unknown): string {
  return `v1:${createHash('sha256').update(JSON.stringify(content)).digest('base64url')}`;
}

const broken: Broken = { kind: 'broken', code: 'content-mismatch' };
const cancelled: RecordedOutcome = { kind: 'cancelled' };

/**
 * The barrier. Calls `act` once per order, even if commands arrive twice, late or concurrently, in
 * the transaction that also holds the effect. A repeat gets the recorded outcome, also a rejection.
 * An action that comes after its compensation finds the tombstone and gets `cancelled`. This is
 * DTM's sub-transaction barrier, extended to batches.
 */
export async function runOnce<C extends Keyed>(
  trx: Knex.Transaction,
  barrier: Barrier<C>,
  commands: readonly C[],
  act: (fresh: C[]) => Promise<RecordedOutcome[]>,
): Promise<(RecordedOutcome | Broken)[]> {
  const entries = commands.map((command) => entryOf(barrier, barrier.step, command));
  const rows = await acquireRows(trx, barrier.step, entries);
  const fresh = commands.filter((command) => rowOf(rows, command, barrier.step).outcome === null);
  if (fresh.length > 0) {
    const outcomes = await act(fresh);
    await record(
      trx,
      fresh.map((command) => entryOf(barrier, barrier.step, command)),
      outcomes,
    );
    fresh.forEach((command, i) => {
      rowOf(rows, command, barrier.step).outcome = at(outcomes, i);
    });
  }
  return commands.map((command) => replay(rowOf(rows, command, barrier.step), command, barrier));
}

/**
 * The barrier of a compensation: reverses what the action's row records. If the action has not
 * come, writes a tombstone, which blocks it from now on. If it was rejected or cancelled, it took
 * nothing, and nothing is given back.
 */
export async function compensateOnce<C extends Keyed>(
  trx: Knex.Transaction,
  barrier: Barrier<C> & { undoes: string },
  commands: readonly C[],
  reverse: (taken: C[]) => Promise<void>,
): Promise<Done[]> {
  const steps = [barrier.undoes, barrier.step];
  const rows = await acquireRows(
    trx,
    barrier.step,
    commands.flatMap((command) => steps.map((step) => entryOf(barrier, step, command))),
  );
  const mismatched = commands.filter(
    (command) =>
      rowOf(rows, command, barrier.undoes).hash !== barrier.hashOf(command) &&
      rowOf(rows, command, barrier.undoes).outcome?.kind === 'done',
  );
  if (mismatched.length > 0) throw new ExcludedFromBatch(mismatched, broken);

  const fresh = commands.filter((command) => rowOf(rows, command, barrier.step).outcome === null);
  const early = fresh.filter((command) => !rowOf(rows, command, barrier.undoes).outcome);
  const taken = fresh.filter(
    (command) => rowOf(rows, command, barrier.undoes).outcome?.kind === 'done',
  );
  if (taken.length > 0) await reverse(taken);
  await record(
    trx,
    [
      ...early.map((command) => entryOf(barrier, barrier.undoes, command)),
      ...fresh.map((command) => entryOf(barrier, barrier.step, command)),
    ],
    [...early.map(() => cancelled), ...fresh.map(() => ({ kind: 'done' }) as const)],
  );
  return commands.map(() => ({ kind: 'done' }));
}

/**
 * Writes a tombstone if a step of an order has not come, and answers the outcome that its row then
 * records. Only `cancelled` or `rejected` means that nothing was taken and nothing will be.
 */
export async function writeTombstones(
  trx: Knex.Transaction,
  by: string,
  step: string,
  orderId: string,
): Promise<RecordedOutcome> {
  // Has no content, because the tombstone is checked before the hash.
  const entry = { orderId, step, hash: 'v1:tombstone' };
  const row = (await acquireRows(trx, by, [entry])).get(keyOf(orderId, step));
  if (row?.outcome) return row.outcome;
  await record(trx, [entry], [cancelled]);
  return cancelled;
}

/** Thrown to exclude these orders from a batch. The transaction runs again without them. */
export class ExcludedFromBatch extends Error {
  readonly orderIds: ReadonlySet<string>;
  constructor(
    commands: readonly Keyed[],
    readonly outcome: Broken | Frozen,
  ) {
    super(`${String(commands.length)} orders excluded as ${outcome.kind}`);
    this.orderIds = new Set(commands.map((command) => command.orderId));
  }
}

/**
 * Locks the barrier rows in key order, so two batches cannot deadlock. Updates an existing row to
 * itself, which locks it. INSERT IGNORE would truncate long keys into collisions and turn a failed
 * CHECK into "0 rows". The statement contains the step's name, so the server's process list shows
 * which step waits.
 */
export async function acquireRows(
  trx: Knex.Transaction,
  step: string,
  entries: readonly Entry[],
): Promise<Map<string, BarrierRow>> {
  const sorted = [...entries].sort((a, b) =>
    keyOf(a.orderId, a.step) < keyOf(b.orderId, b.step) ? -1 : 1,
  );
  if (new Set(entries.map((entry) => keyOf(entry.orderId, entry.step))).size < entries.length) {
    throw new Error('An order is twice in one batch, which would make its effect twice');
  }
  await trx.raw(
    `INSERT INTO steps /* ${step} */ (order_id, step, hash)
     VALUES ${sorted.map(() => '(?, ?, ?)').join(', ')}
     ON DUPLICATE KEY UPDATE order_id = steps.order_id`,
    sorted.flatMap((entry) => [entry.orderId, entry.step, entry.hash]),
  );
  return readRows(trx, sorted);
}

/** Locks and reads those of these rows that exist. */
export async function readRows(
  trx: Knex.Transaction,
  entries: readonly Entry[],
): Promise<Map<string, BarrierRow>> {
  const found = await rowsOf<Omit<Row<'steps'>, 'recorded_at'>>(
    trx,
    `SELECT order_id, step, hash, outcome FROM steps FORCE INDEX (PRIMARY)
     WHERE (order_id, step) IN (${entries.map(() => '(?, ?)').join(', ')})
     ORDER BY order_id, step FOR UPDATE`,
    entries.flatMap((entry) => [entry.orderId, entry.step]),
  );
  return new Map(
    found.map((row) => [
      keyOf(row.order_id, row.step),
      {
        hash: row.hash,
        outcome: outcomeIn(row),
      },
    ]),
  );
}

/** What a row of the barrier says; null while its transaction has not filled it in. */
export function outcomeIn({ outcome }: Pick<Row<'steps'>, 'outcome'>): RecordedOutcome | null {
  return outcome === null ? null : (JSON.parse(outcome) as RecordedOutcome);
}

export async function record(
  trx: Knex.Transaction,
  entries: readonly Entry[],
  outcomes: readonly RecordedOutcome[],
): Promise<void> {
  if (entries.length === 0) return;
  await trx.raw(
    `INSERT INTO steps (order_id, step, hash, outcome)
     VALUES ${entries.map(() => '(?, ?, ?, ?)').join(', ')} AS recorded
     ON DUPLICATE KEY UPDATE outcome = recorded.outcome`,
    entries.flatMap((entry, i) => [
      entry.orderId,
      entry.step,
      entry.hash,
      JSON.stringify(at(outcomes, i)),
    ]),
  );
}

/** Checks the tombstone before the hash: a late action with different content is still too late. */
function replay<C extends Keyed>(
  row: BarrierRow,
  command: C,
  barrier: Barrier<C>,
): RecordedOutcome | Broken {
  if (row.outcome?.kind === 'cancelled') return cancelled;
  if (row.hash !== barrier.hashOf(command)) return broken;
  if (row.outcome === null) throw new Error(`No outcome for ${command.orderId} ${barrier.step}`);
  return row.outcome;
}

function entryOf<C extends Keyed>(barrier: Barrier<C>, step: string, command: C): Entry {
  return { orderId: command.orderId, step, hash: barrier.hashOf(command) };
}

export function entriesOf<C extends Keyed>(
  barrier: Barrier<C>,
  step: string,
  commands: readonly C[],
) {
  return commands.map((command) => entryOf(barrier, step, command));
}

export function keyOf(orderId: string, step: string): string {
  return `${orderId} ${step}`;
}

export function rowOf(rows: Map<string, BarrierRow>, command: Keyed, step: string): BarrierRow {
  const row = rows.get(keyOf(command.orderId, step));
  if (!row) throw new Error(`The barrier row of ${command.orderId} ${step} does not exist`);
  return row;
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error(`Command ${String(index)} got no outcome`);
  return item;
}

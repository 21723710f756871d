import type { Knex } from 'knex';
import type { BrokenCode } from '../../contracts/failures';
import type { Broken, Done, Refused } from '../../contracts/steps';
import {
  acquireRows,
  entriesOf,
  keyOf,
  readRows,
  record,
  rowOf,
  ExcludedFromBatch,
  type Barrier,
  type BarrierRow,
  type Keyed,
  type RecordedOutcome,
} from './barrier';

/** The barrier of TCC's second phase. It uses the same table; only one step may end a try. */

const broken: Broken = { kind: 'broken', code: 'content-mismatch' };
const cancelled: RecordedOutcome = { kind: 'cancelled' };

/**
 * A step of TCC's second phase, the try that it ends, and the other step that may have ended it.
 */
export interface SecondPhase<C extends Keyed> extends Barrier<C> {
  ends: string;
  otherwise: string;
}

/**
 * Confirms a try, once. The first of confirm and cancel wins. A confirm without a reservation, or
 * after a cancel, indicates a bug and never answers `done`.
 */
export async function confirmOnce<C extends Keyed>(
  trx: Knex.Transaction,
  barrier: SecondPhase<C>,
  commands: readonly C[],
  act: (tried: C[]) => Promise<void>,
): Promise<Done[]> {
  const phases = await enterSecondPhase(trx, barrier, commands);
  for (const { command, tried, other } of phases) {
    const code = confirmFault(tried, other, barrier.hashOf(command));
    // Excludes one order at a time; the transaction runs again and finds the next.
    if (code) throw new ExcludedFromBatch([command], { kind: 'broken', code });
  }
  const fresh = phases.filter(({ own }) => !own).map(({ command }) => command);
  if (fresh.length > 0) await act(fresh);
  await record(trx, entriesOf(barrier, barrier.step, fresh), fresh.map(asDone));
  return commands.map(asDone);
}

/**
 * Cancels a try, once, as `compensateOnce` does, and writes the same tombstone if the try has not
 * come. If it is confirmed already, answers `refused`.
 */
export async function cancelOnce<C extends Keyed>(
  trx: Knex.Transaction,
  barrier: SecondPhase<C>,
  commands: readonly C[],
  reverse: (tried: C[]) => Promise<void>,
): Promise<(Done | Refused)[]> {
  const phases = await enterSecondPhase(trx, barrier, commands);
  const fresh = phases.filter(({ own, other }) => !own && !other);
  const reserved = fresh.filter(({ tried }) => tried.outcome?.kind === 'done');
  const other = reserved.filter((one) => one.tried.hash !== barrier.hashOf(one.command));
  if (other.length > 0) throw new ExcludedFromBatch(other.map(commandOf), broken);
  if (reserved.length > 0) await reverse(reserved.map(commandOf));
  const early = fresh.filter(({ tried }) => tried.outcome === null).map(commandOf);
  await record(
    trx,
    entriesOf(barrier, barrier.ends, early),
    early.map(() => cancelled),
  );
  await record(trx, entriesOf(barrier, barrier.step, fresh.map(commandOf)), fresh.map(asDone));
  return phases.map((phase) => (phase.other ? { kind: 'refused' } : { kind: 'done' }));
}

interface Phase<C> {
  command: C;
  tried: BarrierRow;
  own: BarrierRow | undefined;
  other: BarrierRow | undefined;
}

/** Both steps lock the try's row first, which serialises them and their repeats. */
async function enterSecondPhase<C extends Keyed>(
  trx: Knex.Transaction,
  barrier: SecondPhase<C>,
  commands: readonly C[],
): Promise<Phase<C>[]> {
  const tries = await acquireRows(trx, barrier.step, entriesOf(barrier, barrier.ends, commands));
  const ends = await readRows(trx, [
    ...entriesOf(barrier, barrier.step, commands),
    ...entriesOf(barrier, barrier.otherwise, commands),
  ]);
  return commands.map((command) => ({
    command,
    tried: rowOf(tries, command, barrier.ends),
    own: ends.get(keyOf(command.orderId, barrier.step)),
    other: ends.get(keyOf(command.orderId, barrier.otherwise)),
  }));
}

function confirmFault(
  tried: BarrierRow,
  cancel: BarrierRow | undefined,
  hash: string,
): BrokenCode | undefined {
  if (cancel || tried.outcome?.kind === 'cancelled') return 'confirm-after-cancel';
  if (tried.outcome?.kind !== 'done') return 'confirm-without-reservation';
  return tried.hash === hash ? undefined : 'content-mismatch';
}

function commandOf<C>({ command }: { command: C }): C {
  return command;
}

function asDone(): Done {
  return { kind: 'done' };
}

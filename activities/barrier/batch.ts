import type { Knex } from 'knex';
import type { BrokenCode } from '../../contracts/failures';
import type { Broken, Locked } from '../../contracts/steps';
import { classify, whatWasViolated, type ErrorClass } from '../database/errors';
import { ExcludedFromBatch } from './barrier';
import { RowsHeld } from './held-rows';
import { runTransaction } from '../database/transaction';

interface Keyed {
  orderId: string;
}

/** A step as one local transaction over a batch. */
export interface BatchStep<C extends Keyed, O> {
  work: (trx: Knex.Transaction, commands: C[]) => Promise<O[]>;
  /** The commands that need a row that another session has locked now. */
  findLocked: (trx: Knex.Transaction, commands: C[]) => Promise<C[]>;
  /** The commands that need one of these rows. */
  needing: (held: RowsHeld, commands: C[]) => C[];
}

/** Errors that one order's data can cause. The batch is halved until that order is alone. */
const brokenBy: Partial<Record<ErrorClass, BrokenCode>> = {
  'guard-violated': 'guard-violated',
  'invalid-data': 'invalid-data',
  'duplicate-key': 'effect-unaccounted',
};

/**
 * Runs a step for a batch without letting one bad order block the others. An order whose rows are
 * locked gets `locked`, one whose data cannot be stored gets `broken`, and the others go on.
 * Answers one outcome per command, in the commands' order.
 *
 * @throws the database's error if no single order caused it. The caller retries the whole batch,
 *   and the barrier answers what was done already.
 */
export async function runBatch<C extends Keyed, O>(
  knex: Knex,
  step: BatchStep<C, O>,
  commands: C[],
): Promise<(O | Broken | Locked)[]> {
  const settled = await settle({ knex, step, timeouts: 0 }, commands);
  return commands.map((command) => {
    const outcome = settled.get(command.orderId);
    if (!outcome) throw new Error(`Order ${command.orderId} got no outcome`);
    return outcome;
  });
}

type Settled<O> = Map<string, O | Broken | Locked>;

/** One call of `runBatch`. */
interface Call<C extends Keyed, O> {
  knex: Knex;
  step: BatchStep<C, O>;
  /** How many lock waits have timed out. */
  timeouts: number;
}

/** With this many lock waits plus one, a step still answers before its attempt times out. */
const timeoutsMax = 2;

async function settle<C extends Keyed, O>(call: Call<C, O>, commands: C[]): Promise<Settled<O>> {
  if (commands.length === 0) return new Map();
  const { knex, step } = call;
  try {
    const outcomes = await runTransaction(knex, (trx) => step.work(trx, commands));
    return new Map(commands.map((command, i) => [command.orderId, outcomes[i] as O]));
  } catch (error) {
    if (error instanceof ExcludedFromBatch) {
      // A step excludes orders with one of its own outcomes, or as broken.
      return withoutThem(call, commands, error.orderIds, error.outcome as O | Broken);
    }
    if (error instanceof RowsHeld)
      return withoutLocked(call, commands, step.needing(error, commands));
    const kind = classify(error);
    if (kind === 'lock-timeout') {
      return withoutLocked(call, commands, await findLocked(call, commands));
    }
    const code = brokenBy[kind];
    if (!code) throw error;
    if (commands.length === 1) return mapAll(commands, brokenOutcome(code, error));
    return halve(call, commands);
  }
}

/** After a lock-wait timeout, answers the commands to exclude from this call. */
async function findLocked<C extends Keyed, O>(call: Call<C, O>, commands: C[]): Promise<C[]> {
  const { knex, step } = call;
  const locked = await knex.transaction((trx) => step.findLocked(trx, commands));
  call.timeouts += 1;
  const mayWait = call.timeouts <= timeoutsMax;
  // No holder found: it probably timed out too and will retry. Without a limit, two calls could
  // retry in lockstep, and orders that wait for no row would time out with those that do.
  if (locked.length === 0) return mayWait ? [] : commands;
  // Each wait met other holders; another one would take longer than the attempt may.
  return mayWait ? locked : commands;
}

function withoutLocked<C extends Keyed, O>(
  call: Call<C, O>,
  commands: C[],
  locked: C[],
): Promise<Settled<O>> {
  const ids = new Set(locked.map(({ orderId }) => orderId));
  return withoutThem(call, commands, ids, { kind: 'locked' });
}

async function withoutThem<C extends Keyed, O>(
  call: Call<C, O>,
  commands: C[],
  aside: ReadonlySet<string>,
  outcome: O | Broken | Locked,
): Promise<Settled<O>> {
  const rest = commands.filter((command) => !aside.has(command.orderId));
  const left = commands.filter((command) => aside.has(command.orderId));
  if (aside.size > left.length)
    throw new Error('The step excluded orders that are not in its batch');
  return new Map([...(await settle(call, rest)), ...mapAll(left, outcome)]);
}

async function halve<C extends Keyed, O>(call: Call<C, O>, commands: C[]): Promise<Settled<O>> {
  const middle = Math.ceil(commands.length / 2);
  const first = await settle(call, commands.slice(0, middle));
  const second = await settle(call, commands.slice(middle));
  return new Map([...first, ...second]);
}

/** The outcome of the single order that met this error; undefined if the order did not cause it. */
export function brokenBecause(error: unknown): Broken | undefined {
  if (error instanceof ExcludedFromBatch && error.outcome.kind === 'broken') return error.outcome;
  const code = brokenBy[classify(error)];
  return code && brokenOutcome(code, error);
}

function brokenOutcome(code: BrokenCode, error: unknown): Broken {
  const detail = whatWasViolated(error);
  return { kind: 'broken', code, ...(detail !== undefined && { detail }) };
}

function mapAll<O>(commands: readonly Keyed[], outcome: O): Map<string, O> {
  return new Map(commands.map((command) => [command.orderId, outcome]));
}

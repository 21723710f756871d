import type { Knex } from 'knex';
import type { BrokenCode } from '../../contracts/failures';
import type { Broken, Locked } from '../../contracts/steps';
import { classify, whatWasViolated, type ErrorClass } from './errors';
import { SetAside } from './once';
import { runTransaction } from './transaction';

interface Keyed {
  orderId: string;
}

/** A step as one local transaction over a batch. */
export interface BatchStep<C extends Keyed, O> {
  work: (trx: Knex.Transaction, commands: C[]) => Promise<O[]>;
  /** Which of these commands need a row that somebody else holds right now. */
  findLocked: (trx: Knex.Transaction, commands: C[]) => Promise<C[]>;
}

/** Errors that one order's data can cause: the batch is halved until that order is alone. */
const brokenBy: Partial<Record<ErrorClass, BrokenCode>> = {
  'guard-violated': 'guard-violated',
  'invalid-data': 'invalid-data',
  'duplicate-key': 'effect-unaccounted',
};

/**
 * Runs a step for a batch so that one bad order does not hold up its neighbours: an order whose
 * rows are locked is answered `locked`, one whose data cannot be stored `broken`, and the others
 * go on without it. One outcome a command, in the commands' order.
 *
 * @throws the database's error when it is not one order's: the caller retries the whole batch,
 *   and the barrier replays whatever was done.
 */
export async function runBatch<C extends Keyed, O>(
  knex: Knex,
  step: BatchStep<C, O>,
  commands: C[],
): Promise<(O | Broken | Locked)[]> {
  const settled = await settle({ knex, step, size: commands.length, timeouts: 0 }, commands);
  return commands.map((command) => {
    const outcome = settled.get(command.orderId);
    if (!outcome) throw new Error(`Order ${command.orderId} was left without an outcome`);
    return outcome;
  });
}

type Settled<O> = Map<string, O | Broken | Locked>;

/** One call of runBatch. */
interface Call<C extends Keyed, O> {
  knex: Knex;
  step: BatchStep<C, O>;
  /** How many orders it is for. */
  size: number;
  /** How often it has waited for a row in vain. */
  timeouts: number;
}

/** With as many lock waits, and one more, a step still answers before its attempt is given up. */
const timeoutsMax = 2;

async function settle<C extends Keyed, O>(call: Call<C, O>, commands: C[]): Promise<Settled<O>> {
  if (commands.length === 0) return new Map();
  const { knex, step } = call;
  try {
    const outcomes = await runTransaction(knex, (trx) => step.work(trx, commands));
    return new Map(commands.map((command, i) => [command.orderId, outcomes[i] as O]));
  } catch (error) {
    if (error instanceof SetAside) {
      // A step sets aside with one of its own outcomes, or as broken.
      return withoutThem(call, commands, error.orderIds, error.outcome as O | Broken);
    }
    const kind = classify(error);
    if (kind === 'lock-timeout') {
      const locked = await findLocked(call, commands);
      if (locked.length === call.size) throw error;
      const ids = new Set(locked.map((command) => command.orderId));
      return withoutThem(call, commands, ids, { kind: 'locked' });
    }
    const code = brokenBy[kind];
    if (!code) throw error;
    if (commands.length === 1) return mapAll(commands, brokenOutcome(code, error));
    return halve(call, commands);
  }
}

/** After a lock wait in vain: who is not to be asked for again in this call. */
async function findLocked<C extends Keyed, O>(call: Call<C, O>, commands: C[]): Promise<C[]> {
  const { knex, step } = call;
  const locked = await knex.transaction((trx) => step.findLocked(trx, commands));
  call.timeouts += 1;
  const mayWait = call.timeouts <= timeoutsMax;
  // Nobody: the call that held them timed out too, and will be back. Two that retry in step would
  // meet each time, and an order that waits for nobody would be given up beside one that does.
  if (locked.length === 0) return mayWait ? [] : commands;
  // Each wait has met other holders: the rest would take longer than the attempt may.
  return mayWait ? locked : commands;
}

async function withoutThem<C extends Keyed, O>(
  call: Call<C, O>,
  commands: C[],
  aside: ReadonlySet<string>,
  outcome: O | Broken | Locked,
): Promise<Settled<O>> {
  const rest = commands.filter((command) => !aside.has(command.orderId));
  const left = commands.filter((command) => aside.has(command.orderId));
  if (aside.size > left.length) throw new Error('Orders set aside that were not there');
  return new Map([...(await settle(call, rest)), ...mapAll(left, outcome)]);
}

async function halve<C extends Keyed, O>(call: Call<C, O>, commands: C[]): Promise<Settled<O>> {
  const middle = Math.ceil(commands.length / 2);
  const first = await settle(call, commands.slice(0, middle));
  const second = await settle(call, commands.slice(middle));
  return new Map([...first, ...second]);
}

/** What an error says of the one order that met it; undefined when it is not the order's fault. */
export function brokenBecause(error: unknown): Broken | undefined {
  if (error instanceof SetAside && error.outcome.kind === 'broken') return error.outcome;
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

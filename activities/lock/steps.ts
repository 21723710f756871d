import type { Knex } from 'knex';
import type { Keyed } from '../../contracts/participants/definition';
import type { Broken, LockCommand, DecisionRequest } from '../../contracts/steps';
import { decideOrders, isOpen, lockOrders } from '../order/decision';
import type { Rules } from '../participant/rules';
import { ExcludedFromBatch, type RecordedOutcome } from '../barrier/barrier';

/** The participants, with their books as seen from the order database. */
export type AllRules = readonly Rules<Keyed>[];

/**
 * Places orders in one transaction over all databases. Locks the orders' rows first, then each
 * participant's balances in order of registration and key; this fixed order prevents deadlocks. An
 * order's locked row is its barrier: a repeat, or an attempt after a CANCEL, finds the decision and
 * takes nothing.
 */
export async function placeInOne(
  trx: Knex.Transaction,
  all: AllRules,
  commands: LockCommand[],
): Promise<(RecordedOutcome | Broken)[]> {
  const rows = await lockOrders(
    trx,
    commands.map(({ orderId }) => orderId),
  );
  const completeAndOpen = commands.filter(({ orderId }) => {
    const row = rows.get(orderId);
    return row?.decision === 'COMPLETE' && isOpen(row);
  });
  // Here COMPLETE and the effects are one commit, so another pattern has written this decision.
  if (completeAndOpen.length > 0) {
    throw new ExcludedFromBatch(completeAndOpen, { kind: 'broken', code: 'effect-unaccounted' });
  }
  const undecided = commands.filter(({ orderId }) => rows.get(orderId)?.decision === null);
  const fresh = await takeAll(trx, all, undecided);
  const known = commands.filter(({ orderId }) => rows.has(orderId));
  const decisions = await decideOrders(
    trx,
    known.map(({ orderId }) => verdictOn(orderId, fresh.get(orderId))),
  );
  const decided = new Map(known.map(({ orderId }, i) => [orderId, decisions[i]]));
  return commands.map(({ orderId }): RecordedOutcome | Broken => {
    if (!decided.has(orderId)) return { kind: 'broken', code: 'unknown-order' };
    const kind = decided.get(orderId) === 'COMPLETE' ? 'done' : 'cancelled';
    return fresh.get(orderId) ?? { kind };
  });
}

/**
 * Takes every part of each order, or none. If an order is refused after it has taken a part, the
 * transaction rolls back to the savepoint and starts again without that order. The ledgers then
 * need no rows that give back. An order that lacks several parts is refused for the first.
 */
async function takeAll(
  trx: Knex.Transaction,
  all: AllRules,
  commands: LockCommand[],
): Promise<Map<string, RecordedOutcome>> {
  const refused = new Map<string, RecordedOutcome>();
  let rest = commands;
  while (rest.length > 0) {
    // Raw SQL, because Knex's savepoints would hide a deadlock behind the error of their rollback.
    await trx.raw('SAVEPOINT nothing_taken');
    const { outcomes, tookPart } = await takeInTurn(trx, all, rest);
    if (tookPart.length === 0) return new Map([...refused, ...outcomes]);
    await trx.raw('ROLLBACK TO SAVEPOINT nothing_taken');
    for (const orderId of tookPart) refused.set(orderId, outcomes.get(orderId) ?? noOutcome());
    rest = rest.filter(({ orderId }) => !refused.has(orderId));
  }
  return refused;
}

/** Asks the participants in turn, until one refuses an order that has already taken a part. */
async function takeInTurn(trx: Knex.Transaction, all: AllRules, commands: LockCommand[]) {
  const outcomes = new Map<string, RecordedOutcome>();
  const tookPart: string[] = [];
  let supplied = commands;
  for (const [turn, rules] of all.entries()) {
    if (supplied.length === 0 || tookPart.length > 0) break;
    const answers = await rules.take(trx, supplied);
    for (const [i, { orderId }] of supplied.entries()) {
      const outcome = answers[i] ?? noOutcome();
      outcomes.set(orderId, outcome);
      if (turn > 0 && outcome.kind !== 'done') tookPart.push(orderId);
    }
    supplied = supplied.filter(({ orderId }) => outcomes.get(orderId)?.kind === 'done');
  }
  return { outcomes, tookPart };
}

/** Without an outcome the order was decided before, and the verdict only reads that decision. */
function verdictOn(orderId: string, outcome: RecordedOutcome | undefined): DecisionRequest {
  if (outcome?.kind === 'done') return { orderId, decision: 'COMPLETE' };
  return {
    orderId,
    decision: 'CANCEL',
    nothingTaken: true,
    ...(outcome?.kind === 'rejected' && { reason: outcome.code }),
  };
}

function noOutcome(): never {
  throw new Error('A command got no outcome');
}

import type { Knex } from 'knex';
import type { Keyed } from '../../contracts/participants/definition';
import type { ActionOutcome, Broken, CompensationOutcome, Done, Step } from '../../contracts/steps';
import { asActivity } from '../database/activity-failure';
import { runBatch } from '../barrier/batch';
import { lockedBalances, lockedBarriers } from '../barrier/locks';
import { compensateOnce, runOnce, type RecordedOutcome } from '../barrier/barrier';
import type { Rules } from './rules';

type Work<C, O> = (trx: Knex.Transaction, commands: C[]) => Promise<O[]>;

/** A participant's action and compensation behind the barrier, in the caller's transaction. */
export function barrierWork<C extends Keyed>(
  rules: Rules<C>,
): { act: Work<C, RecordedOutcome | Broken>; undo: Work<C, Done> } {
  const { hashOf } = rules;
  const { action, compensation } = rules.participant.steps.saga;
  return {
    act: (trx, batch) =>
      runOnce(trx, { step: action, hashOf }, batch, (fresh) => rules.take(trx, fresh)),
    undo: (trx, batch) =>
      compensateOnce(trx, { step: compensation, undoes: action, hashOf }, batch, (taken) =>
        rules.giveBack(trx, taken),
      ),
  };
}

/** A participant's action and compensation for the saga, on its own database. */
export function createSagaSteps<C extends Keyed>(
  knex: Knex,
  rules: Rules<C>,
): { act: Step<C, ActionOutcome>; compensate: Step<C, CompensationOutcome> } {
  const findLocked = (trx: Knex.Transaction, commands: C[]) => lockedOf(trx, rules, commands);
  const work = barrierWork(rules);
  const act = { findLocked, work: work.act };
  const undo = { findLocked, work: work.undo };
  return {
    act: (commands) => asActivity(() => runBatch(knex, act, commands)),
    compensate: (commands) => asActivity(() => runBatch(knex, undo, commands)),
  };
}

/** The commands whose barrier row or balances another session has locked. */
export async function lockedOf<C extends Keyed>(
  trx: Knex.Transaction,
  { books, balancesOf }: Rules<C>,
  commands: C[],
): Promise<C[]> {
  const barriers = await lockedBarriers(
    trx,
    commands.map(({ orderId }) => orderId),
  );
  const balances = await lockedBalances(trx, books, commands.flatMap(balancesOf));
  return commands.filter(
    (command) =>
      barriers.has(command.orderId) || balancesOf(command).some((id) => balances.has(id)),
  );
}

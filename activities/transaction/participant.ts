import type { Knex } from 'knex';
import type { Step, StepOutcome } from '../../contracts/steps';
import { asActivity } from './activity-failure';
import type { Books } from './balances';
import { runBatch } from './batch';
import { lockedBalances, lockedBarriers } from './locks';
import { compensateOnce, once, type Barrier, type RecordedOutcome } from './once';

interface Keyed {
  orderId: string;
}

/** What a participant has to say of itself; the barrier, batches and retries are the same for all. */
export interface ParticipantRules<C extends Keyed> {
  action: string;
  compensation: string;
  books: Books;
  /** The balances that a command touches. */
  balancesOf: (command: C) => string[];
  hashOf: Barrier<C>['hashOf'];
  take: (trx: Knex.Transaction, commands: C[]) => Promise<RecordedOutcome[]>;
  giveBack: (trx: Knex.Transaction, commands: C[]) => Promise<void>;
}

type Work<C> = (trx: Knex.Transaction, commands: C[]) => Promise<StepOutcome[]>;

/** A participant's action and its compensation behind the barrier, in somebody's transaction. */
export function barrierWork<C extends Keyed>(
  rules: ParticipantRules<C>,
): { act: Work<C>; undo: Work<C> } {
  const { action, compensation, hashOf, take, giveBack } = rules;
  return {
    act: (trx, batch) => once(trx, { step: action, hashOf }, batch, (fresh) => take(trx, fresh)),
    undo: (trx, batch) =>
      compensateOnce(trx, { step: compensation, undoes: action, hashOf }, batch, (taken) =>
        giveBack(trx, taken),
      ),
  };
}

/** A participant's action and its compensation, as the saga calls them, on its own database. */
export function createSagaSteps<C extends Keyed>(
  knex: Knex,
  rules: ParticipantRules<C>,
): { act: Step<C>; compensate: Step<C> } {
  const findLocked = (trx: Knex.Transaction, commands: C[]) => lockedOf(trx, rules, commands);
  const work = barrierWork(rules);
  const act = { findLocked, work: work.act };
  const undo = { findLocked, work: work.undo };
  return {
    act: (commands) => asActivity(() => runBatch(knex, act, commands)),
    compensate: (commands) => asActivity(() => runBatch(knex, undo, commands)),
  };
}

/** Those whose barrier row or balances somebody else holds. */
export async function lockedOf<C extends Keyed>(
  trx: Knex.Transaction,
  { books, balancesOf }: Pick<ParticipantRules<C>, 'books' | 'balancesOf'>,
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

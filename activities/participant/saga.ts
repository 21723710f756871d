import type { Knex } from 'knex';
import type { Keyed } from '../../contracts/participants/definition';
import type {
  ActionOutcome,
  Broken,
  CompensationOutcome,
  Done,
  Locked,
  Step,
  WhenHeld,
} from '../../contracts/steps';
import { asActivity } from '../database/activity-failure';
import { runBatch } from '../barrier/batch';
import type { RowsHeld } from '../barrier/held-rows';
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
  rulesWhen: RulesWhen<C>,
): { act: Step<C, ActionOutcome>; compensate: Step<C, CompensationOutcome> } {
  return {
    act: stepOn(knex, rulesWhen, (rules) => barrierWork(rules).act),
    compensate: stepOn(knex, rulesWhen, (rules) => barrierWork(rules).undo),
  };
}

/** A participant's rules, for each way to meet rows that another session has locked. */
export type RulesWhen<C extends Keyed> = Readonly<Record<WhenHeld, Rules<C>>>;

/** A step of a participant that takes balances or gives them back, one transaction a batch. */
export function stepOn<C extends Keyed, O>(
  knex: Knex,
  rulesWhen: RulesWhen<C>,
  workBy: (rules: Rules<C>) => Work<C, O>,
): Step<C, O | Broken | Locked> {
  return (commands, whenHeld = 'wait') => {
    const rules = rulesWhen[whenHeld];
    const step = {
      work: workBy(rules),
      findLocked: (trx: Knex.Transaction, some: C[]) => lockedOf(trx, rules, some),
      needing: (held: RowsHeld, some: C[]) => needingRows(rules, held, some),
    };
    return asActivity(() => runBatch(knex, step, commands));
  };
}

/** The commands that need one of these rows. */
export function needingRows<C extends Keyed>(
  { balancesOf }: Rules<C>,
  { keys }: RowsHeld,
  commands: readonly C[],
): C[] {
  return commands.filter((command) => balancesOf(command).some((id) => keys.has(id)));
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

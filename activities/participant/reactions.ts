import type { Knex } from 'knex';
import { eventOf, type OrderEvent } from '../../contracts/events';
import type { Keyed } from '../../contracts/participants/definition';
import type { Broken } from '../../contracts/steps';
import { outcomeIn, ExcludedFromBatch, type RecordedOutcome } from '../barrier/barrier';
import type { Rules } from './rules';
import { barrierWork } from './saga';

/**
 * A participant's reactions: the saga's action and compensation behind the same barrier. Each
 * outcome, including no-ops, emits an event.
 */
export function participantReactions<C extends Keyed>(
  rules: Rules<C>,
): (trx: Knex.Transaction, event: OrderEvent) => Promise<OrderEvent> {
  const work = barrierWork(rules);
  const { command: commandOf, steps, events: words } = rules.participant;
  const take = async (trx: Knex.Transaction, event: OrderEvent<'OrderPlaced'>) => {
    const command = commandOf(event.order);
    const outcome = recorded(command, (await work.act(trx, [command]))[0]);
    if (outcome.kind === 'done') return eventOf(words.taken, event.orderId, {}, event);
    if (outcome.kind === 'cancelled') return eventOf(words.notTaken, event.orderId, {}, event);
    return eventOf(words.rejected, event.orderId, { code: outcome.code }, event);
  };
  const giveBack = async (trx: Knex.Transaction, event: OrderEvent<'OrderCancelled'>) => {
    const command = commandOf(event.order);
    recorded(command, (await work.undo(trx, [command]))[0]);
    const took = await hasTaken(trx, event.orderId, steps.saga.action);
    return eventOf(took ? words.givenBack : words.notTaken, event.orderId, {}, event);
  };
  return (trx, event) => {
    if (event.type === 'OrderPlaced') return take(trx, event);
    if (event.type === 'OrderCancelled') return giveBack(trx, event);
    throw new Error(`A participant does not react to ${event.type}`);
  };
}

/** @throws ExcludedFromBatch for what needs an operator; nothing of it is kept. */
function recorded(command: Keyed, outcome: RecordedOutcome | Broken | undefined): RecordedOutcome {
  switch (outcome?.kind) {
    case 'done':
    case 'rejected':
    case 'cancelled':
      return outcome;
    case 'broken':
      throw new ExcludedFromBatch([command], outcome);
    default:
      throw new Error('The barrier answered no outcome');
  }
}

/** Whether the compensation found an effect, which it has then reversed. */
async function hasTaken(trx: Knex.Transaction, orderId: string, step: string): Promise<boolean> {
  const row = await trx('steps').where({ order_id: orderId, step }).first('outcome');
  return row !== undefined && outcomeIn(row)?.kind === 'done';
}

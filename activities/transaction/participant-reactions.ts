import type { Knex } from 'knex';
import { eventOf, type EventType, type OrderEvent } from '../../contracts/events';
import type { PlacedOrder } from '../../contracts/order';
import type { StepOutcome } from '../../contracts/steps';
import { SetAside, type RecordedOutcome } from './once';
import { barrierWork, type ParticipantRules } from './participant';

/** What a participant calls what it has done. */
interface Words {
  taken: EventType & ('StockDeducted' | 'PointsUsed');
  rejected: EventType & ('StockRejected' | 'PointsRejected');
  notTaken: EventType & ('StockNotTaken' | 'PointsNotTaken');
  givenBack: EventType & ('StockRestored' | 'PointsRefunded');
}

/**
 * A participant's reactions: the saga's action and compensation, behind the same barrier, and for
 * each outcome, no-ops included, the event that tells of it.
 */
export function participantReactions<C extends { orderId: string }>(
  rules: ParticipantRules<C>,
  commandOf: (order: PlacedOrder) => C,
  words: Words,
): (trx: Knex.Transaction, event: OrderEvent) => Promise<OrderEvent> {
  const work = barrierWork(rules);
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
    const took = await hasTaken(trx, event.orderId, rules.action);
    return eventOf(took ? words.givenBack : words.notTaken, event.orderId, {}, event);
  };
  return (trx, event) => {
    if (event.type === 'OrderPlaced') return take(trx, event);
    if (event.type === 'OrderCancelled') return giveBack(trx, event);
    throw new Error(`A participant does not react to ${event.type}`);
  };
}

/** @throws SetAside for what an operator has to look at: nothing of it is kept. */
function recorded(command: { orderId: string }, outcome: StepOutcome | undefined): RecordedOutcome {
  switch (outcome?.kind) {
    case 'done':
    case 'rejected':
    case 'cancelled':
      return outcome;
    case 'broken':
      throw new SetAside([command], outcome);
    default:
      throw new Error('The barrier gave no outcome');
  }
}

/** What the compensation found, and has reversed if it was there. */
async function hasTaken(trx: Knex.Transaction, orderId: string, step: string): Promise<boolean> {
  const row = await trx('steps')
    .where({ order_id: orderId, step })
    .first<{ outcome: string } | undefined>('outcome');
  return row !== undefined && (JSON.parse(row.outcome) as RecordedOutcome).kind === 'done';
}

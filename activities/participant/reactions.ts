import type { Knex } from 'knex';
import { eventOf, type OrderEvent } from '../../contracts/events';
import type { Keyed } from '../../contracts/participants/definition';
import type { Broken } from '../../contracts/steps';
import { outcomeIn, ExcludedFromBatch, type RecordedOutcome } from '../barrier/barrier';
import type { Reactions } from '../events/reactor';
import { barrierWork, lockedOf, needingRows, type RulesWhen } from './saga';

type OrderContent = OrderEvent<'OrderPlaced' | 'OrderCancelled'>;

/**
 * A participant's reactions: the saga's action and compensation behind the same barrier. Each
 * outcome, including no-ops, emits an event.
 */
export function participantReactions<C extends Keyed>(rulesWhen: RulesWhen<C>): Reactions {
  const { command: commandOf, steps, events: words } = rulesWhen.wait.participant;
  const commandsOf = (events: readonly OrderContent[]) =>
    events.map(({ order }) => commandOf(order));

  const take = async (
    trx: Knex.Transaction,
    events: readonly OrderContent[],
    { act }: Work<C>,
  ): Promise<OrderEvent[]> => {
    const commands = commandsOf(events);
    const outcomes = recorded(commands, await act(trx, commands));
    return events.map((event, i) => {
      const outcome = outcomes[i];
      if (outcome?.kind === 'done') return eventOf(words.taken, event.orderId, {}, event);
      if (outcome?.kind !== 'rejected') return eventOf(words.notTaken, event.orderId, {}, event);
      return eventOf(words.rejected, event.orderId, { code: outcome.code }, event);
    });
  };

  const giveBack = async (
    trx: Knex.Transaction,
    events: readonly OrderContent[],
    { undo }: Work<C>,
  ): Promise<OrderEvent[]> => {
    const commands = commandsOf(events);
    await undo(trx, commands);
    const took = await thoseThatTook(trx, commands, steps.saga.action);
    return events.map((event) => {
      const word = took.has(event.orderId) ? words.givenBack : words.notTaken;
      return eventOf(word, event.orderId, {}, event);
    });
  };

  const byCommand = (events: readonly OrderEvent[], chosen: readonly C[]): OrderEvent[] => {
    const ids = new Set(chosen.map(({ orderId }) => orderId));
    return events.filter(({ orderId }) => ids.has(orderId));
  };

  return {
    async react(trx, events, whenHeld) {
      const work = barrierWork(rulesWhen[whenHeld]);
      const content = events.map(contentOf);
      const placed = content.filter(({ type }) => type === 'OrderPlaced');
      const cancelled = content.filter(({ type }) => type === 'OrderCancelled');
      const replies = [
        ...(placed.length > 0 ? await take(trx, placed, work) : []),
        ...(cancelled.length > 0 ? await giveBack(trx, cancelled, work) : []),
      ];
      const causes = [...placed, ...cancelled];
      return new Map(replies.map((reply, i) => [causes[i]?.eventId ?? '', reply]));
    },
    async findLocked(trx, events) {
      const commands = commandsOf(events.map(contentOf));
      return byCommand(events, await lockedOf(trx, rulesWhen.wait, commands));
    },
    needing(held, events) {
      return byCommand(
        events,
        needingRows(rulesWhen.wait, held, commandsOf(events.map(contentOf))),
      );
    },
  };
}

type Work<C extends Keyed> = ReturnType<typeof barrierWork<C>>;

function contentOf(event: OrderEvent): OrderContent {
  if (event.type === 'OrderPlaced' || event.type === 'OrderCancelled') return event;
  throw new Error(`A participant does not react to ${event.type}`);
}

/** @throws ExcludedFromBatch for what needs an operator; nothing of it is kept. */
function recorded(
  commands: readonly Keyed[],
  outcomes: readonly (RecordedOutcome | Broken)[],
): RecordedOutcome[] {
  const broken = outcomes.find((outcome) => outcome.kind === 'broken');
  if (broken) {
    throw new ExcludedFromBatch(
      commands.filter((_, i) => {
        const outcome = outcomes[i];
        return outcome?.kind === 'broken' && outcome.code === broken.code;
      }),
      broken,
    );
  }
  return outcomes.filter((outcome) => outcome.kind !== 'broken');
}

/** The orders whose compensation found an effect, which it has then reversed. */
async function thoseThatTook(
  trx: Knex.Transaction,
  commands: readonly Keyed[],
  step: string,
): Promise<Set<string>> {
  const rows = await trx('steps')
    .whereIn(
      'order_id',
      commands.map(({ orderId }) => orderId),
    )
    .where({ step })
    .select('order_id', 'outcome');
  const took = rows.filter((row) => outcomeIn(row)?.kind === 'done');
  return new Set(took.map((row) => row.order_id));
}

import type { Knex } from 'knex';
import { type EventActivities } from '../../contracts/deliveries';
import { stockCommand } from '../../contracts/steps';
import { participantReactions } from '../transaction/participant-reactions';
import { createEventsOf, createReact } from '../transaction/reactor';
import { stockRules } from './activities';

/** The product service's part in choreography; `onSaid` wakes its relay. */
export function createProductReactions(
  knex: Knex,
  onSaid: () => void,
): Pick<EventActivities, 'productReacts' | 'eventsOfProduct'> {
  const react = participantReactions(stockRules, stockCommand, {
    taken: 'StockDeducted',
    rejected: 'StockRejected',
    notTaken: 'StockNotTaken',
    givenBack: 'StockRestored',
  });
  return {
    productReacts: createReact({ knex, subscriber: 'product', react, onSaid }),
    eventsOfProduct: createEventsOf(knex),
  };
}

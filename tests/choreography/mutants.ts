import type { Mutation } from '../mutants/mutate';

const reactor = 'activities/events/reactor.ts';
const reactions = 'activities/order/reactions.ts';

/** Choreography broken on purpose, and how the property of its interleavings says so. */
export const mutants: [what: string, symptom: RegExp, mutations: Mutation[]][] = [
  [
    'a reaction that does not ask the inbox',
    /was parked|duplicate-key|handled meanwhile/,
    [{ file: reactor, in: 'work', from: 'emitted === null && parked === 0', to: 'true' }],
  ],
  [
    'an event that is emitted outside the reaction’s transaction',
    /was parked|Lock wait timeout/,
    [{ file: reactor, in: 'work', from: 'emit(trx,', to: 'emit(this.reactor.knex as never,' }],
  ],
  [
    'an outbox that marks unsent events as sent',
    /toContain/,
    [
      {
        file: 'activities/events/outbox.ts',
        in: 'emit',
        from: 'events[type].subscriptions.length === 0',
        to: 'true',
      },
    ],
  ],
  [
    'a reply that is not joined with the earlier ones',
    /toContain/,
    [
      {
        file: reactions,
        in: 'settle',
        from: 'received.get(orderId)?.add(type)',
        to: 'received.set(orderId, new Set([type]))',
      },
    ],
  ],
  [
    'an order that is closed when one participant holds nothing',
    /toEqual/,
    [
      {
        file: reactions,
        in: 'settle',
        from: 'participants.every((one) => holdsNothing',
        to: 'participants.some((one) => holdsNothing',
      },
    ],
  ],
];

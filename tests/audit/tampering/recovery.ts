import type { Tampering } from './tampering';

/** Recovery has stopped: its work waits, and no order shows it yet. */
export const recoveryTampering: Tampering[] = [
  {
    what: 'a look that ended an hour ago',
    orderId: null,
    rules: ['recovery-overdue'],
    tamper: ({ databases }) =>
      databases.order('recoveries').insert({
        kind: 'look',
        ended_at: databases.order.raw('NOW(6) - INTERVAL 1 HOUR'),
      }),
  },
  {
    what: 'a kind that has had work for an hour without ending a run',
    orderId: null,
    rules: ['recovery-overdue'],
    tamper: ({ databases }) =>
      databases.order('recoveries').insert({
        kind: 'drain',
        wanted_since: databases.order.raw('NOW(6) - INTERVAL 1 HOUR'),
        ended_at: databases.order.raw('NOW(6) - INTERVAL 2 HOUR'),
      }),
  },
];

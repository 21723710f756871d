import { tables, type Tampering } from './tampering';

const registryRow = (orderId: string) => ({
  order_id: orderId,
  step: 'restoreStock' as const,
  next_retry_at: new Date(),
  last_error: 'ECONNREFUSED',
});

/** The orders, their lines and the registry. */
export const orderTampering: Tampering[] = [
  {
    what: 'a wrong total, with matching points',
    orderId: 'wrong-total',
    rules: ['order-total'],
    tamper: async (world) => {
      await world.order({ orderId: 'wrong-total', status: 'COMPLETED' });
      await tables(world).orders().where({ order_id: 'wrong-total' }).update({ total: 29 });
      await world.take('wrong-total');
    },
  },
  {
    what: 'a line deleted',
    orderId: 'COMPLETED-1',
    rules: ['order-total', 'stock-taken-once'],
    tamper: (world) =>
      tables(world).lines().where({ order_id: 'COMPLETED-1', line_number: 2 }).delete(),
  },
  {
    what: 'a CREATED order that is decided',
    orderId: 'CREATED-1',
    rules: ['order-decision'],
    tamper: (world) =>
      tables(world).orders().where({ order_id: 'CREATED-1' }).update({ decision: 'CANCEL' }),
  },
  {
    what: 'an order deleted without its rows',
    orderId: 'COMPLETED-1',
    rules: ['row-without-order'],
    tamper: (world) => tables(world).orders().where({ order_id: 'COMPLETED-1' }).delete(),
  },
  {
    what: 'a registry row left open on a CANCELLED order',
    orderId: 'CANCELLED-1',
    rules: ['registry-row-left-open'],
    tamper: (world) => tables(world).compensations().insert(registryRow('CANCELLED-1')),
  },
  {
    what: 'a registry row left open on a COMPLETED order',
    orderId: 'COMPLETED-1',
    rules: ['registry-row-left-open'],
    tamper: (world) => tables(world).compensations().insert(registryRow('COMPLETED-1')),
  },
  {
    what: 'a registry row without an order',
    orderId: 'nobody',
    rules: ['row-without-order'],
    tamper: (world) => tables(world).compensations().insert(registryRow('nobody')),
  },
  {
    what: 'an order stuck with no workflow',
    orderId: 'stuck',
    rules: ['stuck-order'],
    tamper: (world) => world.order({ orderId: 'stuck', status: 'PLACING', ownedS: 90 }),
  },
  {
    what: 'an order PENDING without a reason',
    orderId: 'forgotten',
    rules: ['stuck-order'],
    tamper: (world) => world.order({ orderId: 'forgotten', status: 'PENDING', ownedS: 90 }),
  },
  {
    what: 'an order that waits for an operator, without an alert',
    orderId: 'silent',
    rules: ['waits-for'],
    tamper: (world) =>
      world.order({ orderId: 'silent', status: 'PENDING', waitsFor: 'operator', ownedS: 90 }),
  },
  {
    what: 'an event that no relay sends',
    orderId: 'COMPLETED-1',
    rules: ['outbox-drained'],
    tamper: (world) =>
      tables(world)
        .stockSaid()
        .insert({
          event_id: 'COMPLETED-1:StockDeducted:OrderPlaced',
          type: 'StockDeducted',
          order_id: 'COMPLETED-1',
          payload: '{}',
          created_at: new Date(Date.now() - 1_000_000),
        }),
  },
  {
    what: 'an order that its open workflow does not end',
    orderId: 'slow',
    rules: ['overdue'],
    tamper: (world) =>
      world.order({ orderId: 'slow', status: 'PLACING', owner: 'w-1', ownedS: 901 }),
  },
  {
    what: 'an order adopted repeatedly, whose first step shows its age',
    orderId: 'PLACING-1',
    rules: ['overdue'],
    tamper: (world) =>
      tables(world)
        .stockSteps()
        .where({ order_id: 'PLACING-1' })
        .update({ recorded_at: new Date(Date.now() - 1_000_000) }),
  },
  {
    what: 'a registered compensation that never succeeds',
    orderId: 'registered',
    rules: ['overdue'],
    tamper: async (world) => {
      await world.order({ orderId: 'registered', status: 'PENDING', decision: 'CANCEL' });
      await world.take('registered');
      const createdAt = new Date(Date.now() - 1_000_000);
      await tables(world)
        .compensations()
        .insert({ ...registryRow('registered'), created_at: createdAt });
    },
  },
];

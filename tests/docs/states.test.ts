import type { Knex } from 'knex';
import { createOrderIntake } from '../../activities/order/intake';
import {
  alertOrders,
  closeOrders,
  completeOrders,
  decideOrders,
} from '../../activities/order/decision';
import { isTerminal, orderStatuses } from '../../contracts/order';
import { createTestDatabases, type TestDatabases } from '../support/databases';
import { textOf } from './pages';

/** The diagram of an order's states shows the changes that the order service makes, and no other. */

let databases: TestDatabases;

beforeAll(async () => {
  databases = await createTestDatabases();
});

afterAll(() => databases.drop());

const [, diagram = ''] = /stateDiagram-v2\n([^]*?)```/.exec(textOf('docs/states.md')) ?? [];
const edges = [...diagram.matchAll(/^ *(\S+) --> (\w+|\[\*\])/gm)].map(
  ([, from = '', to = '']): [string, string] => [from, to],
);

type Write = (orderId: string) => Promise<unknown>;

/** The API's writes of any order, and a workflow's writes of a claimed one. */
function writes(): { api: Write[]; workflow: Write[] } {
  const { order } = databases;
  const intake = createOrderIntake(order);
  const inTransaction =
    (write: (trx: Knex.Transaction, orderId: string) => Promise<unknown>): Write =>
    (orderId) =>
      order.transaction((trx) => write(trx, orderId));
  return {
    api: [
      (orderId) => intake.claimOrders([orderId], 'place-1', 'saga'),
      (orderId) => intake.cancelOrder(orderId),
    ],
    workflow: [
      inTransaction((trx, orderId) => decideOrders(trx, [{ orderId, decision: 'COMPLETE' }])),
      inTransaction((trx, orderId) =>
        decideOrders(trx, [{ orderId, decision: 'CANCEL', nothingTaken: true }]),
      ),
      inTransaction(async (trx, orderId) => {
        await decideOrders(trx, [{ orderId, decision: 'COMPLETE', effectsFollow: true }]);
        await completeOrders(trx, [orderId]);
      }),
      inTransaction(async (trx, orderId) => {
        await decideOrders(trx, [{ orderId, decision: 'CANCEL' }]);
        await closeOrders(trx, [orderId]);
      }),
      inTransaction((trx, orderId) =>
        alertOrders(trx, [{ orderId, kind: 'broken-step', detail: 'test' }]),
      ),
    ],
  };
}

/** The writes that lead a new order to a status. */
const pathTo: Record<string, [keyof ReturnType<typeof writes>, number][]> = {
  CREATED: [],
  PLACING: [['api', 0]],
  PENDING: [
    ['api', 0],
    ['workflow', 4],
  ],
  COMPLETED: [
    ['api', 0],
    ['workflow', 0],
  ],
  CANCELLED: [['api', 1]],
};

async function statusOf(orderId: string): Promise<string> {
  const [status = ''] = await databases
    .order('orders')
    .where('order_id', orderId)
    .pluck<string[]>('status');
  return status;
}

it('has the statuses of the code', () => {
  const shown = new Set(edges.flat().filter((state) => state !== '[*]'));
  expect([...shown].sort()).toEqual([...orderStatuses].sort());
});

it('ends in the final statuses', () => {
  const ends = edges.filter(([, to]) => to === '[*]').map(([from]) => from);
  expect(ends.sort()).toEqual(orderStatuses.filter(isTerminal).sort());
});

it('has exactly the changes that the order service makes', async () => {
  const { api, workflow } = writes();
  const made = new Set<string>();
  for (const from of orderStatuses) {
    const own = from === 'CREATED' ? api : [...api, ...workflow];
    for (const [i, write] of own.entries()) {
      const orderId = `o-${from}-${i}`;
      await createOrderIntake(databases.order).createOrders([
        {
          orderId,
          customerId: 'anna',
          idempotencyKey: orderId,
          requestHash: 'test',
          lines: [{ productId: 'apple', quantity: 1, unitPrice: 1 }],
          total: 1,
        },
      ]);
      for (const [who, which] of pathTo[from] ?? []) await writes()[who][which]?.(orderId);
      expect(await statusOf(orderId)).toBe(from);
      await write(orderId);
      const to = await statusOf(orderId);
      if (to !== from) made.add(`${from} → ${to}`);
    }
  }
  const shown = edges
    .filter(([from, to]) => from !== '[*]' && to !== '[*]')
    .map(([from, to]) => `${from} → ${to}`);
  expect(shown.sort()).toEqual([...made].sort());
});

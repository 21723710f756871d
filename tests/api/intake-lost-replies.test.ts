import type { Knex } from 'knex';
import {
  createOrderIntake,
  databaseFault,
  OutcomeUnknown,
  type OrderIntake,
} from '../../activities/order/intake';
import { openDatabase } from '../../activities/database/connection';
import { mysqlServer } from '../support/servers';
import { createIntakeWorld, draft, kinds, type IntakeWorld } from './intake-world';
import { LossyProxy } from './lossy-proxy';

let world: IntakeWorld;

beforeAll(async () => {
  world = await createIntakeWorld();
});

beforeEach(() => world.databases.empty());

afterAll(() => world.close());

describe('when replies are lost', () => {
  let proxy: LossyProxy;
  let lossyPool: Knex;
  let lossy: OrderIntake;

  beforeEach(async () => {
    proxy = await LossyProxy.start(mysqlServer());
    lossyPool = openDatabase({
      url: proxy.through(world.databases.url('order_api', 'order')),
      poolMax: 2,
    });
    lossy = createOrderIntake(lossyPool);
  });

  afterEach(async () => {
    await lossyPool.destroy();
    await proxy.stop();
  });

  test.each(['commitRepliesToLose', 'commitsToLose'] as const)(
    'an order is created once and recognised as the request’s own (%s)',
    async (what) => {
      proxy[what] = 2;
      expect(kinds(await lossy.createOrders([draft()]))).toEqual(['created']);
      expect(proxy[what]).toBeLessThanOrEqual(0);
      expect(await world.count('orders')).toBe(1);
      expect(await world.count('order_lines')).toBe(2);
    },
  );

  test.each(['commitRepliesToLose', 'commitsToLose'] as const)(
    'an order is claimed once, and its owner learns of it (%s)',
    async (what) => {
      const ids = await world.create(draft(), draft());
      proxy[what] = 1;
      const { claimed } = await lossy.claimOrders(ids, 'place-1', 'saga');
      expect(claimed.map(({ orderId }) => orderId)).toEqual(ids);
      expect(proxy[what]).toBeLessThanOrEqual(0);
    },
  );

  test('a cancel is made and reported', async () => {
    const [id = ''] = await world.create(draft());
    proxy.commitRepliesToLose = 1;
    await expect(lossy.cancelOrder(id)).resolves.toBe('cancelled');
  });

  test('repeatedly, the answer never claims that nothing was done', async () => {
    const [id = ''] = await world.create(draft());
    proxy.commitRepliesToLose = 1_000;
    const claim = lossy.claimOrders([id], 'place-1', 'saga');
    await expect(claim).rejects.toThrow(OutcomeUnknown);
    await expect(claim.catch(databaseFault)).resolves.toBe('outcome-unknown');
    expect(await world.row(id)).toMatchObject({ status: 'PLACING', owner: 'place-1' });
  });

  test('reports a database that is down, and that nothing was done', async () => {
    const url = proxy.through(world.databases.url('order_api', 'order'));
    await proxy.stop();
    const awayPool = openDatabase({ url, poolMax: 1 });
    const away = createOrderIntake(awayPool);
    await expect(away.createOrders([draft()]).catch(databaseFault)).resolves.toBe('unavailable');
    await expect(away.cancelOrder('o-1').catch(databaseFault)).resolves.toBe('unavailable');
    await awayPool.destroy();
  });

  test('does not report a bug as an outage', () => {
    expect(databaseFault(new TypeError('x is not a function'))).toBeUndefined();
    expect(databaseFault(Object.assign(new Error(), { code: 'ER_DUP_ENTRY', errno: 1062 }))).toBe(
      undefined,
    );
  });
});

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
    'an order is created once, and is known to be ours (%s)',
    async (what) => {
      proxy[what] = 2;
      expect(kinds(await lossy.createOrders([draft()]))).toEqual(['created']);
      expect(proxy[what]).toBeLessThanOrEqual(0);
      expect(await world.count('orders')).toBe(1);
      expect(await world.count('order_lines')).toBe(2);
    },
  );

  test.each(['commitRepliesToLose', 'commitsToLose'] as const)(
    'a claim is made once, and its owner learns of it (%s)',
    async (what) => {
      const ids = await world.create(draft(), draft());
      proxy[what] = 1;
      const { claimed } = await lossy.claimOrders(ids, 'place-1', 'saga');
      expect(claimed.map(({ orderId }) => orderId)).toEqual(ids);
      expect(proxy[what]).toBeLessThanOrEqual(0);
    },
  );

  test('a cancel is made, and said to be', async () => {
    const [id = ''] = await world.create(draft());
    proxy.commitRepliesToLose = 1;
    await expect(lossy.cancelOrder(id)).resolves.toBe('cancelled');
  });

  test('again and again, the answer never claims that nothing was done', async () => {
    const [id = ''] = await world.create(draft());
    proxy.commitRepliesToLose = 1_000;
    const claim = lossy.claimOrders([id], 'place-1', 'saga');
    await expect(claim).rejects.toThrow(OutcomeUnknown);
    await expect(claim.catch(databaseFault)).resolves.toBe('outcome-unknown');
    expect(await world.row(id)).toMatchObject({ status: 'PLACING', owner: 'place-1' });
  });

  test('a database that is away has done nothing, and is said to be away', async () => {
    const url = proxy.through(world.databases.url('order_api', 'order'));
    await proxy.stop();
    const awayPool = openDatabase({ url, poolMax: 1 });
    const away = createOrderIntake(awayPool);
    await expect(away.createOrders([draft()]).catch(databaseFault)).resolves.toBe('unavailable');
    await expect(away.cancelOrder('o-1').catch(databaseFault)).resolves.toBe('unavailable');
    await awayPool.destroy();
  });

  test('a bug is not taken for an outage', () => {
    expect(databaseFault(new TypeError('x is not a function'))).toBeUndefined();
    expect(databaseFault(Object.assign(new Error(), { code: 'ER_DUP_ENTRY', errno: 1062 }))).toBe(
      undefined,
    );
  });
});

import type { ChildProcess } from 'node:child_process';
import type { Knex } from 'knex';
import { until } from '../support/orders';
import { spawnWorker } from '../support/worker-process';
import type { World } from '../support/world';

/**
 * Stops the transaction in the middle: its stock is taken, and another session holds the points.
 */
export interface Midway {
  /** Another transaction that has locked all points, and has changed more rows than ours. */
  holdPoints(): Promise<Knex.Transaction>;
  /** Waits until one of our transactions waits for the points, and returns its session. */
  reached(): Promise<number>;
  /** Waits until none of our transactions waits there. */
  left(): Promise<void>;
  /** Ends the transactions that were begun and not ended. */
  letGo(): Promise<void>;
}

export function midwayOf({ databases }: World): Midway {
  const { names, order, product } = databases;
  const strangers: Knex.Transaction[] = [];
  const standing = () =>
    order('information_schema.PROCESSLIST')
      .where({ USER: 'lock_worker', DB: names.order })
      .where('INFO', 'like', '%point_accounts%for update')
      .pluck<number[]>('ID');
  return {
    async holdPoints() {
      const many = Array.from({ length: 20 }, (_, i) => [`somebody-${String(i)}`, 1] as const);
      await databases.points(Object.fromEntries(many));
      // The administrator's connection to one database also reaches the others.
      const stranger = await product.transaction();
      strangers.push(stranger);
      await stranger(`${names.point}.point_accounts`).increment('opening', 1);
      return stranger;
    },
    async reached() {
      await until('the stock is taken, and the points are waited for', async () => {
        return (await standing()).length > 0;
      });
      const [session, ...others] = await standing();
      if (session === undefined || others.length > 0) throw new Error('Not one stands there');
      return session;
    },
    left: () => until('the transaction is gone', async () => (await standing()).length === 0),
    async letGo() {
      for (const stranger of strangers.splice(0)) await stranger.rollback();
    },
  };
}

/** The real lock worker in its own process, with the given lock wait. */
export function spawnLockWorker(world: World, lockWaitS = 3): Promise<ChildProcess> {
  const { databases } = world;
  return spawnWorker(world, 'lock-worker', {
    LOCK_DATABASE_URL: databases.url('lock_worker', 'order'),
    LOCK_PRODUCT_DATABASE: databases.names.product,
    LOCK_POINT_DATABASE: databases.names.point,
    LOCK_WAIT_S_MAX: String(lockWaitS),
  });
}

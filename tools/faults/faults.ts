import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { openDatabase } from '../../activities/database/connection';
import type { FaultStack } from './stack';

/** A server that says nothing for so long is frozen. */
const silenceMs = 2_000;

/** What a customer reads; each must go on under a fault that does not touch it. */
export const reads = ['/products?limit=10', '/points', '/orders?limit=10'] as const;
export type Read = (typeof reads)[number];

/** A fault that lasts until it is ended. */
export interface Fault {
  name: string;
  /** Those that need nothing of what it takes away. */
  goOn: readonly Read[];
  /** Undefined where this machine does not let it be made. */
  begin: (on: FaultStack) => Promise<Held | undefined>;
}

/** A fault while it lasts. */
export interface Held {
  /** How much of ours it has stopped by now: of a fault that lasts, this must not stay 0. */
  stopped: () => Promise<number>;
  end: () => Promise<void>;
}

export const faults: readonly Fault[] = [
  {
    name: 'global-read-lock',
    goOn: reads,
    begin: async (on) => {
      const holder = await openHolder(on);
      await holder.raw('FLUSH TABLES WITH READ LOCK');
      return { stopped: () => countWaiting(holder), end: () => holder.destroy() };
    },
  },
  {
    name: 'table-lock',
    goOn: ['/points', '/orders?limit=10'],
    begin: async (on) => {
      const holder = await openHolder(on);
      await holder.raw('LOCK TABLES product_service.products WRITE');
      return { stopped: () => countWaiting(holder), end: () => holder.destroy() };
    },
  },
  {
    name: 'waiting-alter',
    goOn: ['/products?limit=10', '/orders?limit=10'],
    begin: async (on) => {
      const holder = await openHolder(on);
      const altering = await openHolder(on);
      await holder.raw('BEGIN');
      await holder.raw('SELECT COUNT(*) FROM point_service.point_accounts');
      const [rows] = (await altering.raw('SELECT CONNECTION_ID() AS id')) as [{ id: number }[]];
      const alter = altering
        .raw('ALTER TABLE point_service.point_accounts COMMENT = "waits"')
        .catch(() => undefined);
      return {
        stopped: () => countWaiting(holder),
        end: async () => {
          await holder.raw('KILL QUERY ?', [rows[0]?.id ?? 0]);
          await alter;
          await Promise.all([holder.destroy(), altering.destroy()]);
        },
      };
    },
  },
  {
    name: 'frozen-server',
    goOn: [],
    begin: (on) => {
      const asker = openDatabase({
        url: on.stack.databases.order.adminUrl,
        poolMax: 1,
        silentMsMax: silenceMs,
      });
      on.signalMysql('SIGSTOP');
      return Promise.resolve({
        stopped: () =>
          asker.raw('SELECT 1').then(
            () => 0,
            () => 1,
          ),
        end: async () => {
          on.signalMysql('SIGCONT');
          await asker.destroy();
        },
      });
    },
  },
  {
    name: 'full-disk',
    goOn: reads,
    begin: async (on) => {
      if (on.smallDisk === undefined) return undefined;
      const asker = openDatabase({ url: on.stack.databases.order.adminUrl, poolMax: 1 });
      const before = await countDiskErrors(asker);
      const filler = join(on.smallDisk, 'filler');
      fill(filler);
      // What the server frees meanwhile is taken as well.
      const again = setInterval(() => {
        fill(filler);
      }, 1_000);
      return {
        // A server that cannot write may end itself, and begins to count anew.
        stopped: () =>
          countDiskErrors(asker).then(
            (now) => Math.max(0, now - before),
            () => 1,
          ),
        end: async () => {
          clearInterval(again);
          rmSync(filler, { force: true });
          await asker.destroy();
        },
      };
    },
  },
];

/** The sessions of ours that wait for what is held. */
async function countWaiting(holder: Knex): Promise<number> {
  const [rows] = (await holder.raw(
    `SELECT COUNT(*) AS count FROM information_schema.processlist
     WHERE user <> 'root' AND state LIKE 'Waiting for% lock'`,
  )) as [{ count: number }[]];
  return rows[0]?.count ?? 0;
}

/** The statements that were refused because the server could not write (1021, 1026, 1114). */
async function countDiskErrors(asker: Knex): Promise<number> {
  const [rows] = (await asker.raw(
    `SELECT SUM(sum_error_raised) AS count
     FROM performance_schema.events_errors_summary_global_by_error
     WHERE error_name IN ('ER_DISK_FULL', 'ER_ERROR_ON_WRITE', 'ER_RECORD_FILE_FULL')`,
  )) as [{ count: string | number | null }[]];
  return Number(rows[0]?.count ?? 0);
}

/** One session, which keeps what it holds though it says nothing for minutes. */
async function openHolder(on: FaultStack): Promise<Knex> {
  const holder = openDatabase({ url: on.stack.databases.order.adminUrl, poolMax: 1 });
  await holder.raw('SET SESSION wait_timeout = 3600, lock_wait_timeout = 3600');
  // The pool would let it go.
  keepAlive(holder);
  return holder;
}

function keepAlive(holder: Knex): void {
  const timer = setInterval(() => {
    void holder.raw('SELECT 1').catch(() => {
      clearInterval(timer);
    });
  }, 2_000);
  timer.unref();
}

function fill(path: string): void {
  const file = openSync(path, 'a');
  const block = Buffer.alloc(64 * 1_024);
  try {
    for (let size = block.length; size >= 512; size = Math.floor(size / 2)) {
      while (writeSync(file, block, 0, size) === size);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import type { Injection } from './injection';
import { attemptMsMax } from './tuning';
import { until } from './until';

/** Faults that somebody makes on a database, and takes back: a row or a server that is held. */

/** A window that catches nothing, and hears what is answered. */
const nothing = { skip: 0, times: 0 } as const;
const lockWaitTimeout = 1205;
/** So that an attempt is given up while its session waits on. */
const lockedMs = attemptMsMax + 500;
const isReadOnly = 1290;

/** Somebody holds the order's row, which the step does not need and what follows it does. */
export async function holdOrder(cell: Injection): Promise<void> {
  const { order } = cell.stack.databases;
  const { orderId } = cell.subject;
  const window = cell.window('begin');
  const anyOther = cell.watch({ service: 'order', enter: /./ }, { ...nothing, position: 'begin' });
  await cell.begin();
  const hit = await window.hit();
  const holder = await order.transaction();
  try {
    await holder('orders').where('order_id', orderId).forUpdate().first('order_id');
    hit.release();
    const told = () => [window, anyOther].some(({ errors }) => errors.includes(lockWaitTimeout));
    await until('a lock wait for the order’s row has timed out', told);
  } finally {
    await holder.rollback();
  }
}

/** The step's server takes no writes, whose sessions wait, as while it is copied. */
export async function lockServer(cell: Injection): Promise<void> {
  await whileServer(cell, async (session, release) => {
    await session.raw('FLUSH TABLES WITH READ LOCK');
    try {
      release();
      await until('a session waits for the global read lock', () => waitsForServer(session));
      await sleep(lockedMs);
    } finally {
      await session.raw('UNLOCK TABLES');
    }
  });
}

/** The step's server refuses writes, as one that is about to be replaced. */
export async function makeReadOnly(cell: Injection): Promise<void> {
  await whileServer(cell, async (session, release, refused) => {
    await session.raw('SET GLOBAL super_read_only = ON');
    try {
      release();
      await until('the step was told that the server is read-only', () => refused(isReadOnly));
    } finally {
      // On whatever connection there is: the server may have ended this one for its silence.
      await cell.database.raw('SET GLOBAL read_only = OFF');
    }
  });
}

/** Stops the step at its begin, and gives a session of the administrator's on its server. */
async function whileServer(
  cell: Injection,
  act: (
    session: Knex.Transaction,
    release: () => void,
    sawError: (code: number) => boolean,
  ) => Promise<void>,
): Promise<void> {
  const { window, hit } = await cell.caught('begin');
  const session = await cell.database.transaction();
  try {
    // A session of its own is what is wanted; within a transaction these statements are refused.
    await session.raw('COMMIT');
    await act(
      session,
      () => {
        hit.release();
      },
      (code) => window.errors.includes(code),
    );
  } finally {
    await session.rollback();
  }
}

async function waitsForServer(session: Knex.Transaction): Promise<boolean> {
  const waiting = await session('information_schema.processlist')
    .where('state', 'like', 'Waiting for%lock')
    .pluck<number[]>('id');
  return waiting.length > 0;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { DatabaseAccess } from '../stack/state';

/** What somebody does to a MySQL server that stays up: each proves that somebody else met it. */

const connectMsMax = 10_000;
/** Above InnoDB's own pause between two looks at its transactions, which are not seen anew before. */
const lookEveryMs = 150;
const rowsHeldMax = 200;
/** Nobody may want these rows any more: then others are held. */
const holdAgainAfterMs = 2_000;

/** One try at a fault: resolves with what was met once it was met and its time is over. */
export interface ServerFault {
  database: DatabaseAccess;
  forMs: number;
  /** Aborted when it is to end early. */
  signal: AbortSignal;
  /** Told what was met, while it lasts. */
  met: (what: string) => void;
}

/** No write is made and no transaction committed: sessions wait, as while a copy is begun. */
export async function lockAllTables(fault: ServerFault): Promise<void> {
  await withAdmin(fault, async (admin) => {
    await admin.query('FLUSH TABLES WITH READ LOCK');
    try {
      const overAt = Date.now() + fault.forMs;
      const waiting = await untilMet(fault, () => count(admin, waitingForLock));
      if (waiting > 0) fault.met(`${String(waiting)} sessions wait for the global read lock`);
      await rest(fault, overAt);
    } finally {
      await admin.query('UNLOCK TABLES');
    }
  });
}

/** Every write is refused, as by a server that is about to be replaced. */
export async function makeReadOnly(fault: ServerFault): Promise<void> {
  await withAdmin(fault, async (admin) => {
    await admin.query('SET GLOBAL super_read_only = ON');
    try {
      const overAt = Date.now() + fault.forMs;
      const before = await rollbacks(admin);
      const refused = await untilMet(fault, async () => (await rollbacks(admin)) - before);
      if (refused > 0) fault.met(`${String(refused)} transactions were refused, and rolled back`);
      await rest(fault, overAt);
    } finally {
      await admin.query('SET GLOBAL read_only = OFF');
    }
  });
}

/** Somebody holds the rows of orders that have not ended, and others wait for them. */
export async function holdOrders(fault: ServerFault): Promise<void> {
  await withAdmin(fault, async (admin) => {
    await admin.query('SET SESSION transaction_isolation = "READ-COMMITTED"');
    for (let waiting = 0; waiting === 0 && !fault.signal.aborted;) {
      await admin.query('START TRANSACTION');
      try {
        const overAt = Date.now() + fault.forMs;
        const held = await holdSome(admin, fault.database);
        const isOver = Date.now() + (held === 0 ? 0 : holdAgainAfterMs);
        const look = () => count(admin, waitingForRow);
        waiting = held === 0 ? 0 : await untilMet(fault, look, isOver);
        if (waiting === 0) continue;
        fault.met(`${String(held)} orders held; ${String(waiting)} transactions wait for rows`);
        await rest(fault, overAt);
      } finally {
        await admin.query('ROLLBACK');
        if (waiting === 0) await sleep(lookEveryMs);
      }
    }
  });
}

async function holdSome(admin: Connection, { database }: DatabaseAccess): Promise<number> {
  const [held] = await admin.query<RowDataPacket[]>(
    `SELECT order_id FROM ??.orders WHERE status IN ('CREATED', 'PLACING')
     ORDER BY order_id DESC LIMIT ${String(rowsHeldMax)} FOR UPDATE SKIP LOCKED`,
    [database],
  );
  return held.length;
}

const waitingForLock = `SELECT COUNT(*) AS n FROM information_schema.processlist
  WHERE state LIKE 'Waiting for%lock'`;
const waitingForRow = `SELECT COUNT(*) AS n FROM information_schema.innodb_trx
  WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE '%orders%'`;

async function count(admin: Connection, query: string): Promise<number> {
  const [[row]] = await admin.query<RowDataPacket[]>(query);
  return Number(row?.['n']);
}

async function rollbacks(admin: Connection): Promise<number> {
  const [[row]] = await admin.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Com_rollback'");
  return Number(row?.['Value']);
}

/** Looks until there is something; 0 when the time is over before. */
async function untilMet(
  { signal }: ServerFault,
  look: () => Promise<number>,
  until = Date.now() + 30_000,
): Promise<number> {
  for (;;) {
    const met = await look();
    if (met > 0 || signal.aborted) return met;
    if (Date.now() > until) return 0;
    await sleep(lookEveryMs);
  }
}

async function rest({ signal }: ServerFault, overAt: number): Promise<void> {
  await sleep(Math.max(0, overAt - Date.now()), undefined, { signal }).catch(() => undefined);
}

/** In a session of its own: whatever becomes of it, what it holds is let go with it. */
export async function withAdmin<T>(
  { database }: Pick<ServerFault, 'database'>,
  work: (admin: Connection) => Promise<T>,
): Promise<T> {
  const { host, port, adminUser: user, adminPassword: password } = database;
  const connectTimeout = connectMsMax;
  const admin = await createConnection({ host, port, user, password, connectTimeout });
  // Another fault may take the server away between two statements; the next one says so.
  admin.on('error', () => undefined);
  try {
    return await work(admin);
  } finally {
    admin.destroy();
  }
}

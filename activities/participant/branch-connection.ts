import { createHmac } from 'node:crypto';
import type { Knex } from 'knex';
import { openDatabase, type DatabaseSettings } from '../database/connection';
import { classify } from '../database/errors';
import { rowsOf } from '../database/rows';

/**
 * MySQL's XA: xids, branches on connections of their own, and the list of prepared branches. Uses
 * the text protocol, because MySQL cannot prepare `XA …` statements.
 */

/** What a participant needs for XA, besides its ordinary pool. */
export interface XaSettings {
  /** The participant's own user. Each branch gets a connection of its own. */
  worker: DatabaseSettings;
  /** The user that may list and end prepared branches, and may read no table. */
  recovery: DatabaseSettings;
  /** Makes gtrids unguessable, because a user who knows one can end its branch. */
  secret: string;
  /** Distinguishes two installations on one server. */
  installation: string;
}

/** A participant's connections for XA. */
export interface XaConnections {
  openBranch: () => Knex;
  recovery: Knex;
  gtridOf: (orderId: string) => string;
  close: () => Promise<void>;
}

/** Connects only when first needed. */
export function openXa({ worker, recovery, secret, installation }: XaSettings): XaConnections {
  const url = new URL(recovery.url);
  // This user may read no database, so its URL names none.
  url.pathname = '/';
  const recoveryPool = openDatabase({ ...recovery, url: url.href });
  return {
    openBranch: () => openDatabase({ ...worker, poolMax: 1, oneConnection: true }),
    recovery: recoveryPool,
    gtridOf: (orderId) => gtridOf({ secret, installation }, orderId),
    close: () => recoveryPool.destroy(),
  };
}

/** The gtrid of an order's branches, as hexadecimal. */
export function gtridOf(
  { secret, installation }: Pick<XaSettings, 'secret' | 'installation'>,
  orderId: string,
): string {
  return createHmac('sha256', secret)
    .update(JSON.stringify([installation, orderId]))
    .digest('hex');
}

/** This system's own format id, which distinguishes its branches from other programs'. */
const formatId = 0x6f73_7861;

/** A branch as `XA RECOVER` lists it. */
export interface PreparedBranch {
  formatId: number;
  /** Both are lower-case hexadecimal. */
  gtrid: string;
  bqual: string;
}

/** The xid of one of this installation's branches, as hexadecimal literals. */
export function xidOf(gtrid: string, participant: string): string {
  return `X'${gtrid}', X'${bqualOf(participant)}', ${String(formatId)}`;
}

/**
 * Whether the branch has the form of this system's branches in this participant. The caller must
 * still check the gtrid.
 */
export function hasOurForm(branch: PreparedBranch, participant: string): boolean {
  return branch.formatId === formatId && branch.bqual === bqualOf(participant);
}

function bqualOf(participant: string): string {
  return Buffer.from(participant, 'ascii').toString('hex');
}

/** Every prepared branch on the server, of any program. */
export async function listPrepared(recovery: Knex): Promise<PreparedBranch[]> {
  const rows = await rowsOf<{ formatID: number; gtrid_length: number; data: string }>(
    recovery,
    'XA RECOVER CONVERT XID',
  );
  return rows.map(({ formatID, gtrid_length: length, data }) => {
    const hex = data.replace(/^0x/i, '').toLowerCase();
    return { formatId: formatID, gtrid: hex.slice(0, length * 2), bqual: hex.slice(length * 2) };
  });
}

/** Whether this branch is prepared. */
export async function isPrepared(
  recovery: Knex,
  gtrid: string,
  participant: string,
): Promise<boolean> {
  const prepared = await listPrepared(recovery);
  return prepared.some((branch) => branch.gtrid === gtrid && hasOurForm(branch, participant));
}

/** How a branch leaves its connection: prepared, or ended at once without a decision. */
type BranchEnd = 'prepare' | 'commit-one-phase' | 'rollback';

/** The branch's xid is in use: it is prepared already, or active in another session. */
export class BranchExists extends Error {}

/** `XA PREPARE` was sent, and its answer was lost. */
export class PrepareUnknown extends Error {}

const duplicateXid = 1440;

/**
 * Runs `work` in a branch on a connection of its own, which is closed afterwards. A pool that reset
 * or reused the connection would lose writes silently. Any failure before `XA PREPARE` is sent
 * rolls the whole branch back, also after a lock-wait timeout, which by itself would undo only its
 * statement. It never rolls back a branch that another connection has begun.
 *
 * @throws BranchExists, PrepareUnknown, or the error of the database or of `work`, after the
 *   rollback
 */
export async function runBranch<T>(
  openBranch: () => Knex,
  xid: string,
  work: (trx: Knex.Transaction) => Promise<{ result: T; end: BranchEnd }>,
): Promise<T> {
  const connection = openBranch();
  let begun = false;
  try {
    await begin(connection, xid);
    begun = true;
    // Knex's own transactions would send BEGIN. The pool has one connection, on which the branch is
    // the transaction.
    const { result, end } = await work(connection as unknown as Knex.Transaction);
    await connection.raw(`XA END ${xid}`);
    if (end === 'prepare') await prepare(connection, xid);
    if (end === 'commit-one-phase') await connection.raw(`XA COMMIT ${xid} ONE PHASE`);
    if (end === 'rollback') await connection.raw(`XA ROLLBACK ${xid}`);
    return result;
  } catch (error) {
    // A branch of the same xid that began elsewhere belongs to another attempt, which may have
    // prepared it successfully. Rolling it back would lose a part of a COMPLETE order.
    if (begun && !(error instanceof PrepareUnknown)) {
      // If the connection is lost these fail too, and the server rolls the branch back itself.
      await connection.raw(`XA END ${xid}`).catch(() => undefined);
      await connection.raw(`XA ROLLBACK ${xid}`).catch(() => undefined);
    }
    throw error;
  } finally {
    await connection.destroy();
  }
}

async function begin(connection: Knex, xid: string): Promise<void> {
  try {
    await connection.raw(`XA START ${xid}`);
  } catch (error) {
    if ((error as { errno?: unknown }).errno !== duplicateXid) throw error;
    throw new BranchExists('The branch exists already', { cause: error });
  }
}

async function prepare(connection: Knex, xid: string): Promise<void> {
  try {
    await connection.raw(`XA PREPARE ${xid}`);
  } catch (error) {
    if (classify(error) !== 'outcome-unknown') throw error;
    throw new PrepareUnknown('The answer to XA PREPARE was lost', { cause: error });
  }
}

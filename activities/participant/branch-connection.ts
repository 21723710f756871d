import { createHmac } from 'node:crypto';
import type { Knex } from 'knex';
import { openDatabase, type DatabaseSettings } from '../transaction/connection';
import { classify } from '../transaction/errors';

/**
 * XA as the server speaks it: xids, branches on connections of their own, and what is prepared.
 * All of it goes over the text protocol: MySQL cannot prepare `XA …` statements.
 */

/** What a participant needs for XA, beside its ordinary pool. */
export interface XaSettings {
  /** As the participant's own user: each branch gets a connection of its own. */
  worker: DatabaseSettings;
  /** As the user who may ask what is prepared and end it, and may read no table. */
  recovery: DatabaseSettings;
  /** Without it nobody can guess a gtrid: a user who knows one may end its branch. */
  secret: string;
  /** Tells two systems on one server apart. */
  installation: string;
}

/** A participant's way to its server for XA. */
export interface XaConnections {
  openBranch: () => Knex;
  recovery: Knex;
  gtridOf: (orderId: string) => string;
  close: () => Promise<void>;
}

/** Opens nothing before it is first needed. */
export function openXa({ worker, recovery, secret, installation }: XaSettings): XaConnections {
  const url = new URL(recovery.url);
  // It has no database: it may look into none.
  url.pathname = '/';
  const recoveryPool = openDatabase({ ...recovery, url: url.href });
  return {
    openBranch: () => openDatabase({ ...worker, poolMax: 1, oneConnection: true }),
    recovery: recoveryPool,
    gtridOf: (orderId) => gtridOf({ secret, installation }, orderId),
    close: () => recoveryPool.destroy(),
  };
}

/** The gtrid of an order's branches, in hexadecimal. */
export function gtridOf(
  { secret, installation }: Pick<XaSettings, 'secret' | 'installation'>,
  orderId: string,
): string {
  return createHmac('sha256', secret)
    .update(JSON.stringify([installation, orderId]))
    .digest('hex');
}

/** Of our own: no other program's branch can be taken for one of ours. */
const formatId = 0x6f73_7861;

/** A branch as `XA RECOVER` names it. */
export interface PreparedBranch {
  formatId: number;
  /** Both hexadecimal, in lower case. */
  gtrid: string;
  bqual: string;
}

/** The xid of a branch of ours, as hexadecimal literals. */
export function xidOf(gtrid: string, participant: string): string {
  return `X'${gtrid}', X'${bqualOf(participant)}', ${String(formatId)}`;
}

/** Could this be a branch of ours in this participant? Its gtrid must still be known. */
export function hasOurForm(branch: PreparedBranch, participant: string): boolean {
  return branch.formatId === formatId && branch.bqual === bqualOf(participant);
}

function bqualOf(participant: string): string {
  return Buffer.from(participant, 'ascii').toString('hex');
}

/** Everything that is prepared on the server, whosever it is. */
export async function listPrepared(recovery: Knex): Promise<PreparedBranch[]> {
  const [rows] = (await recovery.raw('XA RECOVER CONVERT XID')) as [
    { formatID: number; gtrid_length: number; data: string }[],
  ];
  return rows.map(({ formatID, gtrid_length: length, data }) => {
    const hex = data.replace(/^0x/i, '').toLowerCase();
    return { formatId: formatID, gtrid: hex.slice(0, length * 2), bqual: hex.slice(length * 2) };
  });
}

/** Is this branch of ours prepared? */
export async function isPrepared(
  recovery: Knex,
  gtrid: string,
  participant: string,
): Promise<boolean> {
  const prepared = await listPrepared(recovery);
  return prepared.some((branch) => branch.gtrid === gtrid && hasOurForm(branch, participant));
}

/** How a branch leaves its connection: prepared, or ended at once with nothing to be decided. */
type BranchEnd = 'prepare' | 'commit-one-phase' | 'rollback';

/** The branch's xid is in use: prepared already, or active in a session that has not ended. */
export class BranchExists extends Error {}

/** `XA PREPARE` was sent, and its answer never came. */
export class PrepareUnknown extends Error {}

const duplicateXid = 1440;

/**
 * Runs `work` in a branch on a connection that nothing else ever uses and that is closed
 * afterwards: a pool that reset it, or lent it on, would lose writes without a word. Whatever goes
 * wrong before `XA PREPARE` is sent undoes the whole branch, after a lock-wait timeout too, which
 * by itself would undo only its statement; but never a branch that another connection has begun.
 *
 * @throws BranchExists, PrepareUnknown, or what the database or `work` says, after the rollback.
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
    // Knex's own transactions would say BEGIN; on the one connection that there is, the branch is
    // the transaction.
    const { result, end } = await work(connection as unknown as Knex.Transaction);
    await connection.raw(`XA END ${xid}`);
    if (end === 'prepare') await prepare(connection, xid);
    if (end === 'commit-one-phase') await connection.raw(`XA COMMIT ${xid} ONE PHASE`);
    if (end === 'rollback') await connection.raw(`XA ROLLBACK ${xid}`);
    return result;
  } catch (error) {
    // A branch of the same xid that was not begun here is another attempt's, which may have
    // prepared it and been told so: rolled back it would be missing under COMPLETE.
    if (begun && !(error instanceof PrepareUnknown)) {
      // Where the connection is lost these fail too, and the server undoes the branch by itself.
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
    throw new BranchExists('The branch exists', { cause: error });
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

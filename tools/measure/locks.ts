import { byLabel, participants, type Label } from '../../contracts/participants';

/** A statement as the server has seen it. */
export interface Statement {
  /** Of the server's threads, which are never used again for another connection. */
  thread: number;
  /** Such as `select`, `insert`, `begin`, `xa_commit`. */
  verb: string;
  text: string;
  startMs: number;
  endMs: number;
  /** How long it has waited for locks. */
  waitedMs: number;
  failed: boolean;
}

/** A participant's balances, by what they are of; or any row at all. */
type LockKind = Label | 'any';

/** How long an order's rows were locked, all its transactions together; milliseconds. */
export type Held = Record<LockKind, number>;

interface Open {
  /** When each kind of row was first locked. */
  since: Partial<Held>;
  orderIds: Set<string>;
}

const writing = /^(insert|update|delete|replace)/;
const lockingRead = /\bFOR (UPDATE|SHARE)\b|\bLOCK IN SHARE MODE\b/i;
const orderId = /o-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** What a statement writes may name a table too, as an XA branch's note of its rows does. */
const literal = /'(?:[^'\\]|\\.)*'/g;
const kinds: [kind: LockKind, table: RegExp][] = [
  ...participants.map(({ label, books }): [Label, RegExp] => [
    label,
    new RegExp(`\\b${books.balances}\\b`),
  ]),
  ['any', /(?:)/],
];

/** Something of each kind of row. */
export function byLockKind<T>(of: (kind: LockKind) => T): Record<LockKind, T> {
  return { ...byLabel(of), any: of('any') };
}

/**
 * How long each order's rows were locked: in each transaction that names the order, from its first
 * statement that locked such a row, less what that statement had to wait itself, until the COMMIT
 * or ROLLBACK came to the server, which lets go of the locks before it writes the log. A prepared
 * XA branch goes on holding its locks until it is committed, on whatever connection. Where a
 * transaction has many orders, its whole time counts for each: so long others had to wait.
 */
export function heldByOrder(statements: readonly Statement[]): Map<string, Held> {
  const held = new Map<string, Held>();
  const open = new Map<number, Open & { xid?: string }>();
  const prepared = new Map<string, Open>();
  const close = (transaction: Open | undefined, atMs: number) => {
    for (const id of transaction?.orderIds ?? []) {
      const sum = held.get(id) ?? byLockKind(() => 0);
      for (const [kind] of kinds) {
        const since = transaction?.since[kind];
        if (since !== undefined) sum[kind] += Math.max(0, atMs - since);
      }
      held.set(id, sum);
    }
  };
  const end = (thread: number, atMs: number) => {
    close(open.get(thread), atMs);
    open.delete(thread);
  };

  for (const statement of [...statements].sort((a, b) => a.startMs - b.startMs)) {
    const { thread, verb, text, startMs, endMs, failed } = statement;
    switch (verb) {
      case 'begin':
        end(thread, startMs);
        open.set(thread, nothingHeld());
        break;
      case 'commit':
      case 'rollback':
        end(thread, startMs);
        break;
      case 'xa_start':
        if (!failed) open.set(thread, { ...nothingHeld(), xid: xidOf(text) });
        break;
      case 'xa_prepare': {
        const branch = open.get(thread);
        if (branch && !failed) prepared.set(xidOf(text), branch);
        if (!failed) open.delete(thread);
        break;
      }
      case 'xa_commit':
      case 'xa_rollback': {
        if (failed) break;
        const xid = xidOf(text);
        close(prepared.get(xid), startMs);
        prepared.delete(xid);
        if (open.get(thread)?.xid === xid) end(thread, startMs);
        break;
      }
      default: {
        const own = open.get(thread);
        const transaction = own ?? nothingHeld();
        note(transaction, statement);
        if (!own) close(transaction, endMs);
      }
    }
  }
  return held;
}

function note(transaction: Open, { verb, text, startMs, waitedMs }: Statement): void {
  for (const [id] of text.matchAll(orderId)) transaction.orderIds.add(id);
  const words = text.replaceAll(literal, "''");
  if (!writing.test(verb) && !(verb === 'select' && lockingRead.test(words))) return;
  for (const [kind, table] of kinds) {
    if (table.test(words)) transaction.since[kind] ??= startMs + waitedMs;
  }
}

function nothingHeld(): Open {
  return { since: {}, orderIds: new Set() };
}

/** What names the branch: all after the verb, however it is spelled. */
function xidOf(text: string): string {
  return text
    .replace(/^\s*XA\s+\w+\s*/i, '')
    .replace(/\s+ONE\s+PHASE\s*$/i, '')
    .replaceAll(/[\s;]/g, '')
    .toLowerCase();
}

import { failures } from '../../contracts/failures';
import { isTerminal, type OrderStatus } from '../../contracts/order';
import { byParticipant, participants } from '../../contracts/participants';
import type { Movement } from '../../contracts/participants/definition';
import type { FinalOrder } from './final';
import type { Operation, SeenCall, Story } from './view';

/** A story with the row that the database has under its key, and what it is held against. */
export interface Judged extends Story {
  row: FinalOrder | undefined;
  limits: EndLimits;
}

export interface EndLimits {
  /** When nothing was broken any more; milliseconds since 1970. */
  healedMs: number;
  /** From then, or from an order's claim if that came later. */
  endMsMax: number;
}

/** What is wrong with a story, or undefined. */
export type Judgement = (judged: Judged) => string | undefined;

/** Clocks of one machine, read by two programs and rounded. */
const clockMs = 100;
const mayAnswer5xx = new Set(['overloaded', 'unavailable', 'outcome-unknown']);

/** The end that an answer states, if it states one. */
export function saidEnd({ op, answer }: SeenCall): OrderStatus | undefined {
  // A creation is answered as it was then, whatever has become of the order.
  if (!answer || op === 'create') return undefined;
  if (answer.problem === 'already-completed') return 'COMPLETED';
  if (answer.status === 409 && answer.reason !== undefined && answer.reason in failures) {
    return 'CANCELLED';
  }
  const status = answer.orderStatus as OrderStatus | undefined;
  return status !== undefined && isTerminal(status) ? status : undefined;
}

/** Does the caller know what became of his order? */
export function wasToldEnd({ calls }: Pick<Story, 'calls'>): boolean {
  return calls.some((call) => saidEnd(call) !== undefined);
}

/** The orders that the creations under one key were answered with, each once. */
export function answeredIds({ calls }: Pick<Story, 'calls'>): string[] {
  const created = calls.filter(({ op, result }) => op === 'create' && result === 'ok');
  const ids = created.map(({ answer }) => answer?.orderId);
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/**
 * How long it took to end from when it was claimed and could end; undefined for what has not. When
 * an adopted order was claimed is not known any more: then it is since it was first asked for.
 */
export function msToEnd({ calls, row, limits }: Judged): number | undefined {
  if (row?.endedMs == null) return undefined;
  const placings = calls.filter(({ op }) => op === 'place').map(({ invokedMs }) => invokedMs);
  const claimedMs = row.adopted ? Math.min(...placings) : (row.ownedMs ?? row.endedMs);
  return Math.max(0, row.endedMs - Math.max(limits.healedMs, claimedMs));
}

export const lostOrder: Judgement = ({ calls, row }) => {
  const [orderId] = answeredIds({ calls });
  if (row || orderId === undefined) return undefined;
  return `its creation was answered with ${orderId}, and there is no such row`;
};

export const doubledKey: Judgement = ({ calls, row }) => {
  const ids = new Set(answeredIds({ calls }));
  if (row && ids.size > 0) ids.add(row.orderId);
  return ids.size > 1 ? `its key stands for ${[...ids].join(' and ')}` : undefined;
};

export const otherContent: Judgement = ({ order, row }) => {
  if (!row) return undefined;
  const [asked, recorded] = [order, { ...row, items: row.lines }].map(({ customerId, items }) =>
    JSON.stringify([customerId, ...items.map((item) => [item.productId, item.quantity])]),
  );
  return asked === recorded ? undefined : `asked for ${asked}, recorded ${recorded}`;
};

export const createdThoughRefused: Judgement = ({ calls, row }) => {
  if (!row || mayHaveDone(calls, 'create', row.createdMs)) return undefined;
  return `it was created although ${refusalsOf(calls, 'create')}`;
};

export const claimedThoughRefused: Judgement = ({ calls, row }) => {
  if (row?.ownedMs == null || mayHaveDone(calls, 'place', row.ownedMs)) return undefined;
  return `it was claimed although ${refusalsOf(calls, 'place')}`;
};

export const cancelledUnasked: Judgement = ({ calls, row }) => {
  if (row?.reason !== 'cancelled-by-customer') return undefined;
  if (mayHaveDone(calls, 'cancel', row.endedMs ?? Infinity)) return undefined;
  return `it was cancelled by its customer although ${refusalsOf(calls, 'cancel')}`;
};

export const answerNotKept: Judgement = ({ calls, row }) => {
  if (!row) return undefined;
  for (const call of calls) {
    const { op, answer } = call;
    const promised = op === 'cancel' && call.result === 'ok' ? 'CANCELLED' : saidEnd(call);
    if (promised !== undefined && promised !== row.status) {
      return `${op} was answered ${show(call)}, and it is ${row.status}`;
    }
    if (op === 'place' && answer?.status === 202 && row.ownedMs === null) {
      return `place was answered 202, and nobody has claimed it`;
    }
    const reason = promised === 'CANCELLED' ? answer?.reason : undefined;
    if (reason !== undefined && reason !== row.reason) {
      return `${op} was answered with the reason ${reason}, and it is ${String(row.reason)}`;
    }
  }
  return undefined;
};

export const wentBack: Judgement = ({ calls }) => {
  const ends = calls.filter((call) => saidEnd(call) !== undefined);
  for (const call of calls) {
    const { op, result, invokedMs, answer } = call;
    const status = op === 'create' || result !== 'ok' ? undefined : answer?.orderStatus;
    if (status === undefined || saidEnd(call) !== undefined) continue;
    const before = ends.find(({ endedMs }) => endedMs < invokedMs);
    if (before) return `${before.op} had answered ${show(before)}, then ${op} answered ${status}`;
  }
  return undefined;
};

export const effectMismatch: Judgement = ({ row }) => {
  if (!row || row.status === 'PLACING' || row.status === 'PENDING') return undefined;
  const due = byParticipant(({ command, owes }) =>
    row.status === 'COMPLETED' ? sums(owes(command(row))) : {},
  );
  const [owed, moved] = [due, row.moved].map(showEffect);
  return owed === moved ? undefined : `${row.status}: due ${owed}; the ledgers moved ${moved}`;
};

export const notEnded: Judgement = (judged) => {
  const { row, limits } = judged;
  if (!row || row.status === 'CREATED') return undefined;
  if (row.endedMs === null) return `it is still ${row.status}`;
  const ms = msToEnd(judged) ?? 0;
  return ms > limits.endMsMax ? `it ended ${(ms / 1_000).toFixed(1)} s later` : undefined;
};

export const impossibleAnswer: Judgement = ({ calls }) => {
  const odd = calls.find(({ op, answer }) => {
    if (!answer) return false;
    if (answer.status >= 500 && !mayAnswer5xx.has(answer.problem ?? '')) return true;
    const asksToLook = answer.status === 202 || answer.problem === 'outcome-unknown';
    if ((op === 'place' || op === 'cancel') && asksToLook) return answer.location === undefined;
    return answer.status === 404 && op !== 'create';
  });
  return odd && `${odd.op} was answered ${show(odd)}`;
};

/**
 * Could one of these calls have done it by then? A placing that was refused for the order's sake,
 * such as for want of stock, has claimed the order first.
 */
function mayHaveDone(calls: readonly SeenCall[], op: Operation, byMs: number): boolean {
  return calls.some(
    (call) =>
      call.op === op &&
      call.invokedMs <= byMs + clockMs &&
      (call.result !== 'failed' || (op === 'place' && saidEnd(call) === 'CANCELLED')),
  );
}

function refusalsOf(calls: readonly SeenCall[], op: Operation): string {
  const refused = calls.filter((call) => call.op === op).map(show);
  if (refused.length === 0) return `nobody had asked for that`;
  return `each ${op} before it was answered ${refused.join(', ')}`;
}

function show({ answer }: SeenCall): string {
  if (!answer) return 'nothing';
  const words = [answer.problem ?? answer.orderStatus, answer.reason].filter(Boolean);
  return [String(answer.status), ...new Set(words)].join(' ');
}

function sums(movements: readonly Movement[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { id, amount } of movements) sum[id] = (sum[id] ?? 0) + amount;
  return sum;
}

function showEffect(moved: FinalOrder['moved']): string {
  const all = participants.flatMap(({ name, label }) =>
    Object.entries(moved[name])
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, n]) => `${label} of ${id} × ${String(n)}`),
  );
  return all.join(', ') || 'nothing';
}

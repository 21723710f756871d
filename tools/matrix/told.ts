/** What callers were told of an order, held against its row. Pure: it knows what it is given. */

type Operation = 'place' | 'cancel' | 'resolve' | 'release';

/** As much of an order's row as an answer can be held against. */
export interface OrderRow {
  status: string;
  reason: string | null;
  owner: string | null;
  decision: string | null;
}

/** What the API has answered: its status, the header `Location`, and the body's own fields. */
export type Answer = Record<string, unknown> & { httpStatus: number; location?: string | null };

/** One call about an order. */
export interface Told {
  op: Operation;
  orderId: string;
  /** Absent where none arrived. */
  answer?: Answer;
  /** The row when the answer had come. */
  row?: OrderRow;
  /** The row just before the same caller asked again. */
  later?: OrderRow;
}

const refusals = ['/problems/unavailable', '/problems/overloaded'];
const unknown = '/problems/outcome-unknown';
const openStatuses: unknown[] = ['PLACING', 'PENDING'];

/**
 * What is wrong with one of these answers, in a sentence; undefined when all are true. A 202 says
 * that somebody owns the order, a 503 `unavailable` or `overloaded` that nothing was done.
 *
 * @param end the order's row once it has ended
 * @param claimedBesides others than these callers may have claimed the order
 */
export function lieOf(
  calls: readonly Told[],
  end: OrderRow,
  claimedBesides = false,
): string | undefined {
  const mayBeDone = new Set<Operation>(claimedBesides ? ['place'] : []);
  for (const told of calls) {
    const wrong = told.answer && wrongOf(told, told.answer, end, mayBeDone.has(told.op));
    if (wrong !== undefined) {
      const { op, answer, row } = told;
      return `${op} was answered ${JSON.stringify(answer)}: ${wrong} (then ${rowText(row)}, now ${rowText(end)})`;
    }
    // What a call without an answer has done may be seen after the next one's.
    if (!isRefused(told.answer)) mayBeDone.add(told.op);
  }
  return undefined;
}

/** Was the end told, and the right one? What has ended is never refused, nor put off. */
export function isWholeTruth(answer: Answer, end: OrderRow): boolean {
  const { httpStatus } = answer;
  switch (end.status) {
    case 'COMPLETED':
      return httpStatus === 200 && answer['status'] === 'COMPLETED';
    case 'CANCELLED':
      return httpStatus === 409 && answer['reason'] === end.reason;
    default:
      return httpStatus === 202 && answer['status'] === end.status;
  }
}

function isRefused(answer: Answer | undefined): boolean {
  return answer?.httpStatus === 503 && refusals.includes(String(answer['type']));
}

function wrongOf(told: Told, answer: Answer, end: OrderRow, mayBeDone: boolean) {
  if (answer.httpStatus === 503) return wrongRefusal(told, answer, mayBeDone);
  const rule = rules[told.op][answer.httpStatus];
  if (!rule) return 'this is never answered';
  return rule(told, answer, end);
}

function wrongRefusal({ op, orderId, row, later }: Told, answer: Answer, mayBeDone: boolean) {
  if (answer['type'] === unknown) {
    // An operator is sent to a page of his own.
    const page = `/orders/${orderId}`;
    const isNamed = String(answer['lookAt']).endsWith(page) && answer.location === answer['lookAt'];
    return isNamed ? undefined : 'it does not say where to look';
  }
  if (!isRefused(answer)) return 'this is never answered';
  if (mayBeDone) return undefined;
  const done = [row, later].some((one) => one !== undefined && hasDone[op](one));
  return done ? 'something was done all the same' : undefined;
}

/** Whether the row shows what the call was for. */
const hasDone: Record<Operation, (row: OrderRow) => boolean> = {
  place: ({ owner, status, reason }) =>
    owner !== null || (status !== 'CREATED' && reason !== 'cancelled-by-customer'),
  cancel: ({ reason }) => reason === 'cancelled-by-customer',
  resolve: ({ owner }) => owner?.startsWith('resolve-') ?? false,
  release: () => false,
};

type Rule = (told: Told, answer: Answer, end: OrderRow) => string | undefined;

/** A sentence unless this holds. */
const unless = (holds: boolean, sentence: string) => (holds ? undefined : sentence);

const saidEnd: Rule = (_told, answer, end) =>
  unless(
    answer['status'] === end.status && ['COMPLETED', 'CANCELLED'].includes(end.status),
    'it has not ended so',
  );
const saidCompleted: Rule = (told, answer, end) =>
  unless(end.status === 'COMPLETED', 'it is not COMPLETED') ?? saidEnd(told, answer, end);
const saidCancelled: Rule = (told, answer, end) =>
  unless(end.status === 'CANCELLED', 'it is not CANCELLED') ?? saidEnd(told, answer, end);
const saidWhy: Rule = (_told, answer, end) =>
  unless(
    end.status === 'CANCELLED' && answer['reason'] === end.reason,
    'it is not CANCELLED for that reason',
  );
const accepted: Rule = ({ orderId, row }, answer) =>
  unless(row?.owner != null && row.status !== 'CREATED', 'nobody owns it') ??
  unless(openStatuses.includes(answer['status']), 'this is not a status of what was accepted') ??
  unless(answer.location === `/orders/${orderId}`, 'it does not say where to look');
const isBeingCancelled: Rule = ({ row }) =>
  unless(row?.decision === 'CANCEL', 'nobody has decided CANCEL');
const cannotBeDone: Rule = ({ row }, answer) => {
  switch (answer['type']) {
    case '/problems/already-completed':
      return unless(row?.decision === 'COMPLETE', 'nobody has decided COMPLETE');
    case '/problems/not-pending':
      return unless(row?.status !== 'PENDING', 'it is PENDING');
    case '/problems/resolution-unsafe':
      return unless(row?.decision === 'COMPLETE', 'its decision was changed');
    default:
      return 'this is never answered';
  }
};

/** What each answer to each call must be held against; what is not here is never answered. */
const rules: Record<Operation, Partial<Record<number, Rule>>> = {
  place: { 200: saidCompleted, 202: accepted, 409: saidWhy },
  cancel: { 200: saidCancelled, 202: isBeingCancelled, 409: cannotBeDone },
  resolve: {
    200: saidEnd,
    202: (_told, answer) => unless(answer['status'] === 'PENDING', 'it is not said to be PENDING'),
    409: cannotBeDone,
  },
  release: { 202: () => undefined },
};

function rowText(row: OrderRow | undefined): string {
  if (!row) return 'not read';
  const { status, reason, owner, decision } = row;
  return [status, decision, reason, owner ?? 'nobody’s'].filter((word) => word !== null).join(' ');
}

import type { PlacedOrder } from '../../contracts/order';
import type { RegisteredParticipant } from '../../contracts/participants';
import type { Broken, BrokenOrder } from '../../contracts/steps';
import { zip } from './zip';

interface Kinded {
  kind: string;
}

/** The answers for one order. */
export interface Parts<Answer> {
  parts: readonly { answer: Answer }[];
}

/** One participant's answer for one order. */
export interface Part<Answer> {
  participant: RegisteredParticipant;
  step: string;
  answer: Answer;
}

/** One order with the answers of its participants, in the order of their registration. */
export interface Answered<Answer> {
  order: PlacedOrder;
  parts: Part<Answer>[];
}

/** One participant's answers for the orders that take something from it. */
export interface Column<Answer> {
  participant: RegisteredParticipant;
  step: string;
  orders: readonly PlacedOrder[];
  answers: readonly Answer[];
}

/** @throws ApplicationFailure if a participant has not answered for every order */
export function withAnswers<Answer>(
  orders: readonly PlacedOrder[],
  columns: readonly Column<Answer>[],
): Answered<Answer>[] {
  const rows = new Map(orders.map((order): [PlacedOrder, Part<Answer>[]] => [order, []]));
  for (const { participant, step, orders: asked, answers } of columns) {
    for (const [order, answer] of zip(asked, answers)) {
      rows.get(order)?.push({ participant, step, answer });
    }
  }
  return [...rows].map(([order, parts]) => ({ order, parts }));
}

export function ordersOf(answered: readonly { order: PlacedOrder }[]): PlacedOrder[] {
  return answered.map(({ order }) => order);
}

/** The orders of which this participant has told that their rows are locked. */
export function lockedAt(
  participant: RegisteredParticipant,
  answered: readonly Answered<Kinded>[],
): PlacedOrder[] {
  return answered.flatMap(({ order, parts }) =>
    parts.some((part) => part.participant === participant && part.answer.kind === 'locked')
      ? [order]
      : [],
  );
}

/** The orders with these answers in place of those that they answer anew. */
export function withFreshAnswers<Answer>(
  answered: readonly Answered<Answer>[],
  columns: readonly Column<Answer>[],
): Answered<Answer>[] {
  const fresh = columns.map(
    ({ participant, orders, answers }) =>
      [
        participant,
        new Map(zip(orders, answers).map(([{ orderId }, answer]) => [orderId, answer])),
      ] as const,
  );
  const answersOf = new Map(fresh);
  return answered.map(({ order, parts }) => ({
    order,
    parts: parts.map((part) => {
      const answer = answersOf.get(part.participant)?.get(order.orderId);
      return answer === undefined ? part : { ...part, answer };
    }),
  }));
}

/** Whether at least one participant has given this answer. */
export function has<A extends Kinded>({ parts }: Parts<A>, kind: A['kind']): boolean {
  return parts.some(({ answer }) => answer.kind === kind);
}

/** Whether all participants have given this answer. */
export function allAre<A extends Kinded>({ parts }: Parts<A>, kind: A['kind']): boolean {
  return parts.every(({ answer }) => answer.kind === kind);
}

/** The first broken step, for an operator's alert. */
export function brokenOf({
  order,
  parts,
}: {
  order: PlacedOrder;
  parts: readonly { step: string; answer: Kinded }[];
}): BrokenOrder {
  for (const { step, answer } of parts) {
    if (isBroken(answer)) return brokenOrder(order, step, answer);
  }
  throw new Error(`Order ${order.orderId} is not broken`);
}

export function brokenOrder({ orderId }: PlacedOrder, step: string, broken: Broken): BrokenOrder {
  const { code, detail } = broken;
  return { orderId, step, code, ...(detail !== undefined && { detail }) };
}

function isBroken(answer: Kinded): answer is Broken {
  return answer.kind === 'broken';
}

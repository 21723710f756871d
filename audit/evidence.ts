import type { AuditedLine, AuditedOrder, OpenWork } from './orders';
import { stock, type Account, type Movement, type Participant } from './participants';

/** Everything that is known of one order when it is judged. */
export interface Evidence {
  order: AuditedOrder;
  lines: AuditedLine[];
  stock: Account;
  points: Account;
  /** Its registry rows that are still to be made good. */
  openCompensations: OpenWork[];
}

/** What placing the order takes from the participant, once. */
export function owed({ order, lines }: Evidence, participant: Participant): Movement[] {
  if (participant !== stock) return [{ key: order.customerId, amount: BigInt(order.total) }];
  return lines.map(({ productId, quantity }) => ({ key: productId, amount: BigInt(quantity) }));
}

/** Are these the same movements, each as often in the one as in the other? */
export function sameMovements(some: Movement[], others: Movement[]): boolean {
  if (some.length !== others.length) return false;
  const [left, right] = [some, others].map(sorted);
  return (left ?? []).every((movement, i) => compare(movement, right?.[i]) === 0);
}

/** Movements as a report shows them: `p-0001 × 2, p-0002 × 1`, or `nothing`. */
export function show(movements: Movement[]): string {
  if (movements.length === 0) return 'nothing';
  return sorted(movements)
    .map(({ key, amount }) => `${key} × ${String(amount)}`)
    .join(', ');
}

function sorted(movements: Movement[]): Movement[] {
  return movements.length < 2 ? movements : [...movements].sort(compare);
}

function compare(a: Movement, b: Movement | undefined): number {
  if (!b) return 1;
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return a.amount === b.amount ? 0 : a.amount < b.amount ? -1 : 1;
}

import type { z } from '@hono/zod-openapi';
import type { OrderSummary } from '../../activities/order/queries';
import { isTerminal } from '../../contracts/order';
import { patternRows } from '../../contracts/patterns';
import { problemContentType } from '../problems';
import { problem, type orderLine, type orderSummary } from '../schemas';

/** What several routes answer, in the words of the API. */

/** An order as lists and outcomes show it. */
export function summaryAnswer(order: OrderSummary): z.infer<typeof orderSummary> {
  const { orderId, status, pattern, reason, total } = order;
  // What is decided may take its time where the effects only come now: the caller is told so.
  const comesAfter = pattern !== null && patternRows[pattern].moves === 'after-complete';
  const confirming = comesAfter && order.decision === 'COMPLETE' && !isTerminal(status);
  return {
    orderId,
    status,
    ...(confirming && { phase: 'confirming' as const }),
    pattern,
    reason,
    total,
    createdAt: order.createdAt.toISOString(),
    endedAt: order.endedAt?.toISOString() ?? null,
    ...order.terms,
  };
}

/** The lines alone, whatever else a row may carry. */
export function linesAnswer(
  lines: readonly { productId: string; quantity: number; unitPrice: number | bigint }[],
): z.infer<typeof orderLine>[] {
  return lines.map(({ productId, quantity, unitPrice }) => ({
    productId,
    quantity,
    unitPrice: BigInt(unitPrice),
  }));
}

/** A page's rows and the cursor of the next one, of one row more than was asked for. */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  idOf: (row: Row) => string,
): { rows: Row[]; nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, nextCursor: rows.length > limit && last ? idOf(last) : null };
}

/** Documents a JSON answer. */
export function jsonAnswer<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { 'application/json': { schema } } };
}

/** Documents that a problem may be answered. */
export function problemAnswer(description: string) {
  return { description, content: { [problemContentType]: { schema: problem } } };
}

export const security: Record<string, string[]>[] = [{ bearer: [] }];

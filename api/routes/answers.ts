import type { z } from '@hono/zod-openapi';
import type { OrderSummary } from '../../activities/order/queries';
import { isTerminal } from '../../contracts/order';
import { patternRows } from '../../contracts/patterns';
import { problemContentType } from '../http/problems';
import { problem, type orderLine, type orderSummary } from '../http/schemas';

/** Answers that several routes share. */

/** An order as lists and outcomes show it. */
export function summaryAnswer(order: OrderSummary): z.infer<typeof orderSummary> {
  const { orderId, status, pattern, reason, total } = order;
  // Where effects follow the decision they may take a while, so the caller sees the phase.
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

/** Only the lines, whatever else a row holds. */
export function linesAnswer(
  lines: readonly { productId: string; quantity: number; unitPrice: number | bigint }[],
): z.infer<typeof orderLine>[] {
  return lines.map(({ productId, quantity, unitPrice }) => ({
    productId,
    quantity,
    unitPrice: BigInt(unitPrice),
  }));
}

/** Splits `limit` + 1 rows into a page and the cursor of the next one. */
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

/** Documents a problem as an answer. */
export function problemAnswer(description: string) {
  return { description, content: { [problemContentType]: { schema: problem } } };
}

export const security: Record<string, string[]>[] = [{ bearer: [] }];

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { patterns } from '../../contracts/order';

const loadOrder = z.strictObject({
  customerId: z.string().min(1),
  items: z.array(z.strictObject({ productId: z.string().min(1), quantity: z.int() })).min(1),
  pattern: z.enum(patterns).optional(),
  /** The customer cancels it so many milliseconds after having asked to place it. */
  cancelAfterMs: z.int().min(0).optional(),
});

/** One order to place. Whether it is a good one is for the API to say. */
export type LoadOrder = z.infer<typeof loadOrder>;

/** The order as a line of a JSONL file, with its end. */
export function toLine(order: LoadOrder): string {
  return `${JSON.stringify(order)}\n`;
}

/**
 * Reads orders from a JSONL file, one at a time; empty lines are passed over.
 *
 * @throws Error naming the line that is no order, or when the file cannot be read.
 */
export async function* readOrderFile(path: string): AsyncGenerator<LoadOrder> {
  let lineNumber = 0;
  for await (const line of createInterface({
    input: createReadStream(path),
    crlfDelay: Infinity,
  })) {
    lineNumber += 1;
    if (line.trim() !== '') yield parse(line, `${path}:${String(lineNumber)}`);
  }
}

/** How many orders a file holds, every line of it looked at: no run should end half-way. */
export async function countOrderFile(path: string): Promise<number> {
  let count = 0;
  for await (const order of readOrderFile(path)) count += order.items.length > 0 ? 1 : 0;
  return count;
}

export async function* firstOf<T>(
  items: Iterable<T> | AsyncIterable<T>,
  count: number,
): AsyncGenerator<T> {
  let taken = 0;
  for await (const item of items) {
    if (taken === count) return;
    taken += 1;
    yield item;
  }
}

function parse(line: string, place: string): LoadOrder {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error(`${place}: this is not JSON.`);
  }
  const result = loadOrder.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${place}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'no order'}`);
}

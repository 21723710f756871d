import { z } from '@hono/zod-openapi';
import { orderLimits } from '../../contracts/limits';
import { orderStatuses, orderTerms, patterns } from '../../contracts/order';
import { recoveryKinds } from '../../contracts/recovery';
import { services } from '../../contracts/participants';

/**
 * The schemas of requests and answers. They validate requests and generate the OpenAPI document.
 */

const { quantityMax, linesMax } = orderLimits;
const quantityRule = `must be a whole number from 1 to ${String(quantityMax)}`;
const idRule = 'must be 1 to 64 letters, digits, _ or -';

export const id = z.string(idRule).regex(/^[A-Za-z0-9_-]{1,64}$/, idRule);

/** Money, points and pieces are whole numbers, written with all their digits. */
const amount = z.bigint().openapi({ type: 'integer', format: 'int64', minimum: 0 });
export const time = z.iso.datetime();

/**
 * One rule that reports one fault. Unlike `z.int`, a fault does not stop the checks of the list.
 */
const quantity = z
  .number(quantityRule)
  .refine((n) => Number.isInteger(n) && n >= 1 && n <= quantityMax, quantityRule)
  .openapi({ type: 'integer', minimum: 1, maximum: quantityMax });

const orderItem = z.strictObject(
  {
    productId: id,
    quantity,
  },
  'must be an object',
);

const orderItems = z
  .array(orderItem, 'must be a list of items')
  .min(1, 'must contain at least one item')
  .max(linesMax, `must contain at most ${String(linesMax)} items`)
  .superRefine(
    (items, context) => {
      const seen = new Set<unknown>();
      items.forEach((item: Partial<z.infer<typeof orderItem>> | null | undefined, index) => {
        const productId = item?.productId;
        if (productId === undefined) return;
        if (seen.has(productId)) {
          context.addIssue({
            code: 'custom',
            path: [index, 'productId'],
            message: 'is listed twice: give each product once, with its total quantity',
          });
        }
        seen.add(productId);
      });
    },
    // Checked even when an item is wrong, to report all faults at once.
    { when: ({ value }) => Array.isArray(value) },
  );

/** One optional member for each of the order's terms: see contracts/order.ts. */
const termsShape = Object.fromEntries(orderTerms.map((term) => [term, id.optional()]));

export const createOrderBody = z
  .strictObject({ items: orderItems, ...termsShape }, 'must be an object')
  .openapi('NewOrder', { example: { items: [{ productId: 'p-0001', quantity: 2 }] } });

export const placeOrderBody = z
  .strictObject(
    { pattern: z.enum(patterns, `must be one of ${patterns.join(', ')}`).optional() },
    'must be an object',
  )
  .openapi('Placement', { example: { pattern: 'saga' } });

export const orderParams = z.object({ orderId: id });

export const pageQuery = z.strictObject({
  cursor: id.optional().openapi({ description: 'The previous page’s `nextCursor`.' }),
  limit: z
    .string('must be given once')
    .regex(/^(?:[1-9]\d?|100)$/, 'must be a whole number from 1 to 100')
    .transform(Number)
    .default(50)
    .openapi({ type: 'integer', minimum: 1, maximum: 100, default: 50 }),
});

export const orderLine = z
  .object({ productId: id, quantity: z.int(), unitPrice: amount })
  .openapi('OrderLine');

export const createdOrder = z
  .object({
    orderId: id,
    status: z.literal('CREATED'),
    items: z.array(orderLine),
    total: amount,
    createdAt: time,
    ...termsShape,
  })
  .openapi('CreatedOrder');

export const orderSummary = z
  .object({
    orderId: id,
    status: z.enum(orderStatuses),
    phase: z
      .literal('confirming')
      .optional()
      .openapi({
        description:
          'The order’s reservations are being confirmed. It will be completed unless an operator ' +
          'cancels it before anything is confirmed.',
      }),
    pattern: z.enum(patterns).nullable(),
    reason: z
      .string()
      .nullable()
      .openapi({ description: 'Why the order was cancelled or is being cancelled.' }),
    total: amount,
    createdAt: time,
    endedAt: time.nullable(),
    ...termsShape,
  })
  .openapi('OrderSummary');

const stepRecord = z
  .object({
    service: z.enum(services),
    step: z.string(),
    outcome: z.enum(['done', 'rejected', 'cancelled']),
    code: z.string().optional().openapi({ description: 'Why the step was rejected.' }),
    at: time,
  })
  .openapi('StepRecord');

export const inDoubt = z.object({
  service: z.enum(services),
  since: time,
  ageMs: z.int().nonnegative(),
  state: z.enum(['open', 'in-doubt', 'heuristic']).openapi({
    description:
      '`open`: the branch has begun, and its order is in progress. `in-doubt`: the branch has ' +
      'begun, its order is PENDING, and it keeps its locks. `heuristic`: the branch ended ' +
      'against the decision.',
  }),
});

export const orderDetail = orderSummary
  .extend({
    items: z.array(orderLine),
    steps: z.array(stepRecord),
    stepsUnavailable: z
      .array(z.enum(services))
      .optional()
      .openapi({ description: 'The services whose steps could not be read.' }),
    inDoubt: z.array(inDoubt).optional().openapi({
      description:
        'The order’s XA branches that are not known to have ended; absent if there are none.',
    }),
    inDoubtUnavailable: z
      .array(z.enum(services))
      .optional()
      .openapi({ description: 'The services whose branches could not be read.' }),
  })
  .openapi('Order');

export const orderPage = z
  .object({ orders: z.array(orderSummary), nextCursor: id.nullable() })
  .openapi('OrderPage');

const reserved = amount.openapi({
  description:
    'Reserved for orders that are neither confirmed nor cancelled yet. Not part of `available`.',
});

const product = z
  .object({
    productId: id,
    name: z.string(),
    price: amount,
    available: amount,
    reserved,
    retired: z.boolean(),
  })
  .openapi('Product');

export const productPage = z
  .object({ products: z.array(product), nextCursor: id.nullable() })
  .openapi('ProductPage');

export const pointBalance = z
  .object({ customerId: id, available: amount, reserved })
  .openapi('Points');

export const health = z.object({ status: z.literal('live') }).openapi('Liveness');

export const readiness = z
  .object({
    status: z.literal('ready'),
    dependencies: z.record(z.string(), z.enum(['up', 'down'])),
    overdueRecovery: z
      .array(z.object({ kind: z.enum(['look', ...recoveryKinds]), forMs: z.int() }))
      .optional()
      .describe(
        'Kinds of recovery that have had work for this long without completing a run. New orders ' +
          'are still placed; orders that need recovery wait.',
      ),
  })
  .openapi('Readiness');

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    requestId: z.string(),
    errors: z
      .array(
        z.object({
          pointer: z.string().optional(),
          parameter: z.string().optional(),
          detail: z.string(),
        }),
      )
      .optional(),
    orderId: id.optional(),
    products: z
      .array(z.object({ productId: id, quantity: z.int(), available: amount }))
      .optional()
      .openapi({
        description:
          'With `insufficient-stock`: the order’s products that are short of stock now. Others may ' +
          'have been short when the order was refused.',
      }),
  })
  .openapi('Problem');

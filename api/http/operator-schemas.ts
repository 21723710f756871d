import { z } from '@hono/zod-openapi';
import { decisions } from '../../contracts/order';
import { resolutionActions } from '../../contracts/reservations';
import { services } from '../../contracts/participants';
import { waits } from '../../contracts/waits';
import { id, inDoubt, orderSummary, pageQuery, time } from './schemas';

/** The schemas of the operators' requests and answers. */

/** Staff also see the order of a branch and the rows that it locks. */
export const inDoubtList = z
  .object({
    branches: z.array(inDoubt.extend({ orderId: id, lockedRows: z.array(z.string()) })),
    unavailable: z.array(z.enum(services)).optional().openapi({
      description:
        'The services that did not answer. If `order` is among them, no branch is shown as `in-doubt`.',
    }),
  })
  .openapi('InDoubt');

/** Which orders an operator's list shows. */
export const operatorOrdersQuery = z.strictObject({
  status: z.literal('PENDING', 'must be PENDING'),
  cursor: id.optional().openapi({ description: 'The previous page’s `nextCursor`.' }),
  limit: pageQuery.shape.limit,
});

const waitsFor = z
  .enum(waits)
  .nullable()
  .openapi({
    description:
      'What the order waits for: an `operator` who resolves it, a `branch` in doubt, a parked ' +
      '`event`, or a `confirmation`, `compensation` or `cancellation` that is tried again. Null ' +
      'while a workflow drives it.',
  });

export const operatorOrder = orderSummary
  .extend({
    customerId: id,
    decision: z.enum(decisions).nullable(),
    owner: z.string().nullable().openapi({ description: 'The workflow that drives the order.' }),
    waitsFor,
  })
  .openapi('OperatorOrder');

export const operatorOrderPage = z
  .object({ orders: z.array(operatorOrder), nextCursor: id.nullable() })
  .openapi('OperatorOrderPage');

export const alertList = z
  .object({
    alerts: z.array(
      z
        .object({
          orderId: id,
          kind: z.string(),
          detail: z.string(),
          waitsFor,
          runbook: z.string(),
          raisedAt: time,
        })
        .openapi('Alert'),
    ),
  })
  .openapi('Alerts');

const reasonRule = 'must be 1 to 500 characters';

export const resolveBody = z
  .strictObject(
    {
      action: z.enum(resolutionActions, `must be one of ${resolutionActions.join(', ')}`),
      reason: z.string(reasonRule).trim().min(1, reasonRule).max(500, reasonRule),
    },
    'must be an object',
  )
  .openapi('Resolution', { example: { action: 'cancel', reason: 'the customer called' } });

export const parkedQuery = z.strictObject({
  parked: z.literal(['', 'true'], 'must be true; only parked events are listed').optional(),
});

const eventId = z
  .string('must be an event id')
  .regex(/^[A-Za-z0-9_:-]{1,128}$/, 'must be an event id');

export const eventParams = z.object({ eventId });

export const releaseBody = z
  .strictObject(
    {
      reason: z
        .string('must be given')
        .min(1, 'must be given')
        .max(512, 'must be at most 512 characters'),
    },
    'must be an object',
  )
  .openapi('Release', { example: { reason: 'the product is back' } });

const parkedEvent = z
  .object({
    eventId,
    type: z.string(),
    orderId: id,
    subscriber: z.enum(services),
    reaction: z.string(),
    tries: z.int(),
    error: z.string().openapi({ description: 'The fault, without the data.' }),
    parkedAt: time,
  })
  .openapi('ParkedEvent');

export const parkedEvents = z.object({ events: z.array(parkedEvent) }).openapi('ParkedEvents');

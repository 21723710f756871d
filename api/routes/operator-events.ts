import { createRoute } from '@hono/zod-openapi';
import type { OrderQueries, ParkedEvent } from '../../activities/order/queries';
import type { OrderEvent } from '../../contracts/events';
import type { Release } from '../../contracts/deliveries';
import { type Service, services } from '../../contracts/participants';
import type { Authenticator } from '../authentication';
import { requireRole, type ApiApp } from '../context';
import { Problem } from '../problems';
import { strictJsonBody } from '../request-body';
import * as schemas from '../operator-schemas';
import { outcomeUnknown } from '../unavailability';
import { jsonAnswer, problemAnswer, security } from './answers';

/** Has a parked event delivered again to the service that parked it. */
export type ReleaseEvent = (
  event: OrderEvent,
  subscriber: Service,
  release: Release,
) => Promise<void>;

const list = createRoute({
  method: 'get',
  path: '/operator/events',
  summary: 'Events that a service could not react to, oldest first',
  security,
  request: { query: schemas.parkedQuery },
  responses: {
    200: jsonAnswer('Those that are parked', schemas.parkedEvents),
    default: problemAnswer('A problem'),
  },
});

const releaseOne = createRoute({
  method: 'post',
  path: '/operator/events/{eventId}/release',
  summary: 'Let a parked event be tried again',
  security,
  request: {
    params: schemas.eventParams,
    body: { required: true, content: { 'application/json': { schema: schemas.releaseBody } } },
  },
  responses: {
    202: jsonAnswer('Delivered again: these were parked', schemas.parkedEvents),
    404: problemAnswer('No event of this id is parked'),
    default: problemAnswer('A problem'),
  },
});

export interface OperatorEventRoutesDeps {
  authenticate: Authenticator;
  queries: Record<Service, Pick<OrderQueries, 'parked'>>;
  release: ReleaseEvent;
}

interface Parked extends ParkedEvent {
  subscriber: Service;
}

/** `GET /operator/events` and `POST /operator/events/{eventId}/release`, for operators. */
export function addOperatorEventRoutes(app: ApiApp, deps: OperatorEventRoutesDeps): void {
  const operator = requireRole(deps.authenticate, 'operator');
  const read = async (eventId?: string): Promise<Parked[]> => {
    const found = await Promise.all(
      services.map(async (subscriber) => {
        const parked = await deps.queries[subscriber].parked(eventId);
        return parked.map((one) => ({ ...one, subscriber }));
      }),
    );
    return found.flat().sort((a, b) => a.parkedAt.getTime() - b.parkedAt.getTime());
  };

  app.openapi({ ...list, middleware: operator }, async (c) =>
    c.json({ events: (await read()).map(answerOf) }, 200),
  );

  app.openapi(
    { ...releaseOne, middleware: [operator, strictJsonBody({ optional: false })] as const },
    async (c) => {
      const parked = await read(c.req.valid('param').eventId);
      const [first] = parked;
      if (!first) throw new Problem('not-found', 'No event of this id is parked.');
      const release = { by: c.var.principal.subject, reason: c.req.valid('json').reason };
      try {
        // An event may be parked at each of its subscribers.
        await Promise.all(
          parked.map(({ event, subscriber }) => deps.release(event, subscriber, release)),
        );
      } catch (error) {
        // The one, or the other, may have begun. Released again it is tried again, no more.
        throw outcomeUnknown(first.event.orderId, '/operator/events?parked', error);
      }
      return c.json({ events: parked.map(answerOf) }, 202);
    },
  );
}

function answerOf({ event, subscriber, reaction, tries, error, parkedAt }: Parked) {
  const { eventId, type, orderId } = event;
  return {
    eventId,
    type,
    orderId,
    subscriber,
    reaction,
    tries,
    error,
    parkedAt: parkedAt.toISOString(),
  };
}

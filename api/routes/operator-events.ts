import { createRoute } from '@hono/zod-openapi';
import type { OrderQueries, ParkedEvent } from '../../activities/order/queries';
import type { OrderEvent } from '../../contracts/events';
import type { Release } from '../../contracts/deliveries';
import { type Service, services } from '../../contracts/participants';
import type { Authenticator } from '../http/authentication';
import { requireRole, type ApiApp } from '../http/context';
import { Problem } from '../http/problems';
import { strictJsonBody } from '../http/request-body';
import * as schemas from '../http/operator-schemas';
import { outcomeUnknown } from '../http/unavailability';
import { jsonAnswer, problemAnswer, security } from './answers';

/** Delivers a parked event again to the service that parked it. */
export type ReleaseEvent = (
  event: OrderEvent,
  subscriber: Service,
  release: Release,
) => Promise<void>;

const list = createRoute({
  method: 'get',
  path: '/operator/events',
  summary: 'List the events that a service could not handle, oldest first',
  security,
  request: { query: schemas.parkedQuery },
  responses: {
    200: jsonAnswer('The parked events', schemas.parkedEvents),
    default: problemAnswer('A problem'),
  },
});

const releaseOne = createRoute({
  method: 'post',
  path: '/operator/events/{eventId}/release',
  summary: 'Deliver a parked event again',
  security,
  request: {
    params: schemas.eventParams,
    body: { required: true, content: { 'application/json': { schema: schemas.releaseBody } } },
  },
  responses: {
    202: jsonAnswer('The parked events that are delivered again', schemas.parkedEvents),
    404: problemAnswer('No parked event has this id'),
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
      if (!first) throw new Problem('not-found', 'No parked event has this id.');
      const release = { by: c.var.principal.subject, reason: c.req.valid('json').reason };
      try {
        // Several subscribers may have parked the same event.
        await Promise.all(
          parked.map(({ event, subscriber }) => deps.release(event, subscriber, release)),
        );
      } catch (error) {
        // Some deliveries may have begun. Releasing again only tries them again.
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

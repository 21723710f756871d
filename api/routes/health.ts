import { createRoute } from '@hono/zod-openapi';
import { timedOut, within } from '../deadline';
import type { OverdueRecovery } from '../../contracts/recovery';
import type { ApiApp } from '../http/context';
import { Problem } from '../http/problems';
import * as schemas from '../http/schemas';
import { jsonAnswer, problemAnswer } from './answers';

const live = createRoute({
  method: 'get',
  path: '/health/live',
  summary: 'Check that the process is alive',
  responses: { 200: jsonAnswer('The process is alive', schemas.health) },
});

const ready = createRoute({
  method: 'get',
  path: '/health/ready',
  summary: 'Check that every dependency is up',
  responses: {
    200: jsonAnswer('Every dependency is up', schemas.readiness),
    503: problemAnswer(
      'A dependency is down (see `dependencies`), or the process is shutting down',
    ),
  },
});

const probeMsMax = 2_000;
/** Within this time callers get the last answer, to spare the databases. */
const rememberedMs = 1_000;

/** Each rejects when its dependency does not answer. */
export type Probes = Record<string, () => Promise<void>>;

type States = Record<string, 'up' | 'down'>;

/**
 * `GET /health/live` and `/health/ready`, without a token.
 *
 * @param isEnding true once a load balancer should send no more requests
 */
export function addHealthRoutes(
  app: ApiApp,
  probes: Probes,
  overdueRecoveries: () => Promise<OverdueRecovery[]>,
  isEnding: () => boolean,
): void {
  const ask = (now: number) => ({
    at: now,
    states: probeAll(probes),
    // Unknown without the order database, which `states` reports as down.
    overdue: within(probeMsMax, overdueRecoveries()).then(
      (found) => (found === timedOut ? [] : found),
      () => [],
    ),
  });
  let asked: ReturnType<typeof ask> | undefined;

  app.openapi(live, (c) => c.json({ status: 'live' as const }, 200));

  app.openapi(ready, async (c) => {
    if (isEnding()) {
      throw new Problem('unavailable', 'This process is shutting down. Use another one.', {
        headers: { 'Retry-After': '1' },
      });
    }
    const now = performance.now();
    if (!asked || now - asked.at > rememberedMs) asked = ask(now);
    const dependencies = await asked.states;
    if (Object.values(dependencies).every((state) => state === 'up')) {
      const overdue = await asked.overdue;
      const overdueRecovery = overdue.length > 0 ? { overdueRecovery: overdue } : {};
      return c.json({ status: 'ready' as const, dependencies, ...overdueRecovery }, 200);
    }
    throw new Problem('unavailable', 'A dependency of the API does not answer.', {
      extensions: { dependencies },
      headers: { 'Retry-After': '1' },
    });
  });
}

async function probeAll(probes: Probes): Promise<States> {
  const states = await Promise.all(
    Object.entries(probes).map(async ([name, probe]): Promise<[string, 'up' | 'down']> => {
      const answer = await within(probeMsMax, probe()).catch(() => timedOut);
      return [name, answer === timedOut ? 'down' : 'up'];
    }),
  );
  return Object.fromEntries(states);
}

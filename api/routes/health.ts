import { createRoute } from '@hono/zod-openapi';
import { timeOver, within } from '../deadline';
import type { OverdueRecovery } from '../../contracts/recovery';
import type { ApiApp } from '../context';
import { Problem } from '../problems';
import * as schemas from '../schemas';
import { jsonAnswer, problemAnswer } from './answers';

const live = createRoute({
  method: 'get',
  path: '/health/live',
  summary: 'Does this process answer?',
  responses: { 200: jsonAnswer('It does', schemas.health) },
});

const ready = createRoute({
  method: 'get',
  path: '/health/ready',
  summary: 'Do all that it depends on answer?',
  responses: {
    200: jsonAnswer('They do', schemas.readiness),
    503: problemAnswer('Not all of them: `dependencies` says which; or the process is ending'),
  },
});

const probeMsMax = 2_000;
/** A caller that asks more often gets the last answer, at no cost to the databases. */
const rememberedMs = 1_000;

/** Each rejects when its dependency is away. */
export type Probes = Record<string, () => Promise<void>>;

type States = Record<string, 'up' | 'down'>;

/**
 * `GET /health/live` and `/health/ready`, for everybody.
 *
 * @param isEnding true from when no more requests should be sent here
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
    // Without the order database nobody knows; that it is away is said anyway.
    overdue: within(probeMsMax, overdueRecoveries()).then(
      (found) => (found === timeOver ? [] : found),
      () => [],
    ),
  });
  let asked: ReturnType<typeof ask> | undefined;

  app.openapi(live, (c) => c.json({ status: 'live' as const }, 200));

  app.openapi(ready, async (c) => {
    if (isEnding()) {
      throw new Problem('unavailable', 'This process is ending: ask another.', {
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
    throw new Problem('unavailable', 'Not everything that the API depends on answers.', {
      extensions: { dependencies },
      headers: { 'Retry-After': '1' },
    });
  });
}

async function probeAll(probes: Probes): Promise<States> {
  const states = await Promise.all(
    Object.entries(probes).map(async ([name, probe]): Promise<[string, 'up' | 'down']> => {
      const answer = await within(probeMsMax, probe()).catch(() => timeOver);
      return [name, answer === timeOver ? 'down' : 'up'];
    }),
  );
  return Object.fromEntries(states);
}

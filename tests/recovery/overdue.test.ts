import { createHarness, type ApiHarness } from '../api/harness';

/** What the API reports if recovery has stopped. */

let harness: ApiHarness;

beforeAll(async () => {
  harness = await createHarness();
});

afterAll(() => harness.close());

interface Readiness {
  overdueRecovery?: { kind: string; forMs: number }[];
}

async function readiness(): Promise<{ status: number; body: Readiness }> {
  // Another API, because the first would repeat its answer of a moment ago.
  const response = await harness.another().request('/health/ready');
  return { status: response.status, body: (await response.json()) as Readiness };
}

const agoS = (seconds: number) =>
  harness.databases.order.raw('NOW(6) - INTERVAL ? SECOND', [seconds]);

it('names the kind that has had work for too long, and is still ready', async () => {
  const recoveries = () => harness.databases.order('recoveries');
  await recoveries().insert([
    { kind: 'drain', wanted_since: agoS(3_600) },
    { kind: 'sweep', wanted_since: agoS(60) },
    { kind: 'scan', wanted_since: null, ended_at: agoS(3_600) },
  ]);
  const { status, body } = await readiness();
  expect(status).toBe(200);
  expect(body.overdueRecovery).toMatchObject([{ kind: 'drain' }]);
  expect(body.overdueRecovery?.[0]?.forMs).toBeGreaterThanOrEqual(3_600_000);
  await recoveries().delete();
});

it('reports that no look has run for too long', async () => {
  const recoveries = () => harness.databases.order('recoveries');
  await recoveries().insert({ kind: 'look', ended_at: agoS(600) });
  expect((await readiness()).body.overdueRecovery).toMatchObject([{ kind: 'look' }]);
  await recoveries().update({ ended_at: agoS(30) });
  expect((await readiness()).body).not.toHaveProperty('overdueRecovery');
});

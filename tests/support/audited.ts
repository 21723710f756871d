import { byService } from '../../contracts/participants';
import { openDatabase } from '../../activities/transaction/connection';
import { audit, type AuditReport } from '../../audit/audit';
import { workflowsOf } from '../../audit/workflows';
import { until } from './orders';
import type { World } from './world';

/** What the auditor says of a world, as the auditor's own user. */
export async function auditOf(world: Pick<World, 'databases' | 'client'>): Promise<AuditReport> {
  const pools = byService((service) =>
    openDatabase({ url: world.databases.url('auditor', service), poolMax: 2 }),
  );
  try {
    return await audit({ ...pools, ...workflowsOf(world.client) });
  } finally {
    await Promise.all(Object.values(pools).map((knex) => knex.destroy()));
  }
}

/** An audit at rest: everything was sent and has ended, and nothing is wrong. */
export async function expectAtRest(world: Pick<World, 'databases' | 'client'>): Promise<void> {
  // What was heard last is answered still, after the order has ended.
  await until('nothing is on its way', async () => (await auditOf(world)).atRest);
  const { violations, atRest } = await auditOf(world);
  expect({ violations, atRest }).toEqual({ violations: [], atRest: true });
}

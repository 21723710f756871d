import type { Knex } from 'knex';
import { byService, type Service } from '../../contracts/participants';
import { openDatabase } from '../../activities/database/connection';
import { audit, type AuditReport } from '../../audit/audit';
import { workflowsOf } from '../../audit/workflows';
import type { TestDatabases } from './databases';
import { until } from './orders';
import type { World } from './world';

/** The auditor's report of a world, as the auditor's own user. */
export async function auditOf(world: Pick<World, 'databases' | 'client'>): Promise<AuditReport> {
  const databases = openAsAuditor(world.databases);
  try {
    return await audit({ ...databases, ...workflowsOf(world.client) });
  } finally {
    await Promise.all(Object.values(databases).map((knex) => knex.destroy()));
  }
}

/** The audit's connections, as its own user; the caller destroys them. */
export function openAsAuditor(databases: Pick<TestDatabases, 'url'>): Record<Service, Knex> {
  return byService((service) =>
    openDatabase({ url: databases.url('auditor', service), poolMax: 2 }),
  );
}

/** Expects an audit at rest: everything is sent and ended, and nothing is wrong. */
export async function expectAtRest(world: Pick<World, 'databases' | 'client'>): Promise<void> {
  // The last reply's event is still delivered after the order has ended.
  await until('nothing is on its way', async () => (await auditOf(world)).atRest);
  const { violations, atRest } = await auditOf(world);
  expect({ violations, atRest }).toEqual({ violations: [], atRest: true });
}

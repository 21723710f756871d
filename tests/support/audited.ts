import type { Knex } from 'knex';
import { byService, type Service } from '../../contracts/participants';
import { openDatabase } from '../../activities/database/connection';
import { audit, type AuditReport } from '../../audit/audit';
import { workflowsOf } from '../../audit/workflows';
import type { TestDatabases } from './databases';
import { until } from './orders';
import type { World } from './world';

/** What the auditor says of a world, as the auditor's own user. */
export async function auditOf(world: Pick<World, 'databases' | 'client'>): Promise<AuditReport> {
  const databases = openAsAuditor(world.databases);
  try {
    return await audit({ ...databases, ...workflowsOf(world.client) });
  } finally {
    await Promise.all(Object.values(databases).map((knex) => knex.destroy()));
  }
}

/** What an audit reads, as its own user; to be destroyed. */
export function openAsAuditor(databases: Pick<TestDatabases, 'url'>): Record<Service, Knex> {
  return byService((service) =>
    openDatabase({ url: databases.url('auditor', service), poolMax: 2 }),
  );
}

/** An audit at rest: everything was sent and has ended, and nothing is wrong. */
export async function expectAtRest(world: Pick<World, 'databases' | 'client'>): Promise<void> {
  // What was heard last is answered still, after the order has ended.
  await until('nothing is on its way', async () => (await auditOf(world)).atRest);
  const { violations, atRest } = await auditOf(world);
  expect({ violations, atRest }).toEqual({ violations: [], atRest: true });
}

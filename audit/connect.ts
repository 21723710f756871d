import { Client } from '@temporalio/client';
import { byService, type Service } from '../contracts/participants';
import { openDatabase } from '../activities/database/connection';
import { openTemporal } from '../api/placing/temporal-connection';
import type { AuditDeps } from './audit';
import { workflowsOf } from './workflows';

/** The running system to audit. */
export interface AuditTarget {
  /** The URL `mysql://auditor:password@host:port/database` of each service. */
  databases: Record<Service, string>;
  temporal: { address: string; namespace: string };
}

/** One connection holds the snapshot; one reads the current state. */
const poolMax = 2;

/** Opens what an audit reads. It connects at the first query. Close it after use. */
export function connectAudit(target: AuditTarget): AuditDeps & { close: () => Promise<void> } {
  const { temporal } = target;
  const databases = byService((name) => openDatabase({ url: target.databases[name], poolMax }));
  const connection = openTemporal(temporal.address);
  const client = new Client({ connection, namespace: temporal.namespace });
  return {
    ...databases,
    ...workflowsOf(client),
    close: async () => {
      await Promise.all(Object.values(databases).map((knex) => knex.destroy()));
      await connection.close();
    },
  };
}

import type { Knex } from 'knex';
import { openDatabase } from '../../activities/database/connection';
import { byService, type Service } from '../../contracts/participants';
import type { RunningStack } from './state';

/** Every service's database, past the services. */
export type AllDatabases = Record<Service, Knex>;

/** Opens them as the administrator, or as the user that may read every table and nothing else. */
export function openAll(
  { databases }: Pick<RunningStack, 'databases'>,
  as: 'adminUrl' | 'auditorUrl',
  poolMax: number,
): AllDatabases {
  return byService((service) => openDatabase({ url: databases[service][as], poolMax }));
}

export async function closeAll(databases: AllDatabases): Promise<void> {
  await Promise.all(Object.values(databases).map((knex) => knex.destroy()));
}

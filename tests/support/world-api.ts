import { openDatabase } from '../../activities/database/connection';
import { createApp, type Api } from '../../api/app';
import type { ApiDependencies } from '../../api/dependencies';
import { defaultTiming } from '../../contracts/limits';
import { byService } from '../../contracts/participants';
import { apiUserOf, authentication, capturingLogger, readingFrom, token } from '../api/harness';
import type { World } from './world';

export interface WorldApi {
  api: Api;
  /** Calls with this role, and reads the JSON answer. */
  read(path: string, as: string, role: string): Promise<Record<string, unknown>>;
  close: () => Promise<void>;
}

/** The API on a world's databases, as the API's own users. */
export function apiOf(
  { databases }: Pick<World, 'databases'>,
  more: Partial<ApiDependencies> = {},
): WorldApi {
  const pools = byService((service) =>
    openDatabase({ url: databases.url(apiUserOf(service), service), poolMax: 5 }),
  );
  const api = createApp({
    logger: capturingLogger([]),
    ...readingFrom(pools),
    authentication: authentication(),
    patterns: {},
    defaultPattern: 'saga',
    timing: defaultTiming,
    temporalReady: () => Promise.resolve(),
    ...more,
  });
  return {
    api,
    async read(path, as, role) {
      const headers = { Authorization: `Bearer ${await token(as, { claims: { role } })}` };
      const response = await api.request(path, { headers });
      if (response.status !== 200) throw new Error(`${path}: ${String(response.status)}`);
      return (await response.json()) as Record<string, unknown>;
    },
    async close() {
      await Promise.all(Object.values(pools).map((pool) => pool.destroy()));
    },
  };
}

import { createPublicKey } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createOrderIntake } from '../../activities/order/intake';
import { createOrderQueries } from '../../activities/order/queries';
import { createParticipantQueries } from '../../activities/participant/queries';
import { createPointBalances } from '../../activities/point/balances';
import { createCatalogue } from '../../activities/product/catalogue';
import { openDatabase, queryMsMax, silentMsMax } from '../../activities/database/connection';
import { createApp } from '../../api/app';
import type { ApiDependencies } from '../../api/dependencies';
import { startServer } from '../../api/server';
import { byParticipant, byService } from '../../contracts/participants';
import { type Config, settingOf, settingsOfServices } from './config';
import { apiPoolMax } from './pools';
import { poolsMsMax } from './stopping';
import { timingFrom, timingSettings } from './timing';

/** The API's settings, independent of what drives its orders. */
export const apiSettings = [
  ...timingSettings,
  ...settingsOfServices('DATABASE_URL'),
  'API_HOST',
  'API_PORT',
  'API_CONNECTIONS_MAX',
  'API_CONNECTIONS_PER_ADDRESS_MAX',
  'JWT_PUBLIC_KEY',
  'JWT_ISSUER',
  'JWT_AUDIENCE',
  'RUNBOOKS_FOLDER',
  'DEFAULT_PATTERN',
  'LAME_DUCK_MS',
] as const;

/**
 * Serves the API on its port. It creates, claims and cancels in the order database, reads the other
 * databases, and hands orders to what drives each pattern.
 *
 * @returns a function that stops it. Readiness turns to 503, and the API serves on for a while to
 *   let the load balancer notice. Then it accepts no new requests, answers the running ones, and
 *   starts or withdraws the waiting orders
 */
export async function serveApi(
  config: Config<(typeof apiSettings)[number]>,
  logger: Logger,
  drivers: Pick<
    ApiDependencies,
    | 'patterns'
    | 'unavailable'
    | 'temporalReady'
    | 'resolve'
    | 'releaseEvent'
    | 'placement'
    | 'gathering'
  >,
): Promise<() => Promise<void>> {
  const open = (url: string) =>
    openDatabase({ url, poolMax: apiPoolMax, silentMsMax, clientMsMax: queryMsMax });
  const pools = byService((service) => open(config[settingOf(service, 'DATABASE_URL')]));
  // A separate pool: writes that wait, as for a global read lock, would occupy every connection.
  const orderReads = open(config.ORDER_DATABASE_URL);
  const api = createApp({
    logger,
    intake: createOrderIntake(pools.order),
    orders: createOrderQueries(orderReads),
    participants: byParticipant((one) => createParticipantQueries(one, pools[one.name])),
    products: createCatalogue(pools.product),
    points: createPointBalances(pools.point),
    authentication: {
      keys: { keys: [createPublicKey(config.JWT_PUBLIC_KEY).export({ format: 'jwk' })] },
      issuer: config.JWT_ISSUER,
      audience: config.JWT_AUDIENCE,
    },
    timing: timingFrom(config),
    runbooksFolder: config.RUNBOOKS_FOLDER,
    defaultPattern: config.DEFAULT_PATTERN,
    ...drivers,
  });
  const server = await startServer(api, {
    port: config.API_PORT,
    hostname: config.API_HOST,
    logger,
    connections: {
      connectionsMax: config.API_CONNECTIONS_MAX,
      connectionsPerAddressMax: config.API_CONNECTIONS_PER_ADDRESS_MAX,
    },
  });
  return async () => {
    api.end();
    server.end();
    await sleep(config.LAME_DUCK_MS);
    await Promise.all([server.close(), api.close()]);
    const all = [orderReads, ...Object.values(pools)];
    // A hanging database must not delay the stop.
    await Promise.race([Promise.all(all.map((pool) => pool.destroy())), sleep(poolsMsMax)]);
  };
}

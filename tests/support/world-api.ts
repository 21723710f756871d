import { createOrderIntake } from '../../activities/order/intake';
import { createOrderQueries } from '../../activities/order/queries';
import { createPointQueries } from '../../activities/point/queries';
import { createProductQueries } from '../../activities/product/queries';
import { openDatabase } from '../../activities/transaction/connection';
import { createApp, type Api } from '../../api/app';
import type { ApiDependencies } from '../../api/dependencies';
import { defaultTiming } from '../../contracts/limits';
import type { Service } from '../../contracts/participants';
import { authentication, capturingLogger, token } from '../api/harness';
import type { World } from './world';

export interface WorldApi {
  api: Api;
  /** Asks as somebody of this role, and reads the JSON answer. */
  read(path: string, as: string, role: string): Promise<Record<string, unknown>>;
  close: () => Promise<void>;
}

/** The API on a world's databases, as the API's own users. */
export function apiOf(
  { databases }: Pick<World, 'databases'>,
  more: Partial<ApiDependencies> = {},
): WorldApi {
  const open = (user: string, service: Service) =>
    openDatabase({ url: databases.url(user, service), poolMax: 5 });
  const order = open('order_api', 'order');
  const product = open('product_reader', 'product');
  const point = open('point_reader', 'point');
  const api = createApp({
    logger: capturingLogger([]),
    intake: createOrderIntake(order),
    orders: createOrderQueries(order),
    products: createProductQueries(product),
    points: createPointQueries(point),
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
      await Promise.all([order, product, point].map((pool) => pool.destroy()));
    },
  };
}

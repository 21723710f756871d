import { audit } from '../../audit/audit';
import { openWorkflows } from '../../audit/workflows';
import { openDatabase } from '../../activities/transaction/connection';
import { services } from '../../contracts/order';
import type { World } from '../support/world';

/** What the tests of TCC ask again and again. */

export interface Holdings {
  stock: Record<string, string>;
  points: Record<string, string>;
}

/** `available+reserved` of every product and customer. */
export async function holdings({ databases }: World): Promise<Holdings> {
  const [products, accounts] = await Promise.all([
    databases.product('products').select({ id: 'product_id' }, 'available', 'reserved'),
    databases.point('point_accounts').select({ id: 'customer_id' }, 'available', 'reserved'),
  ]);
  const shown = (rows: { id: string; available: number; reserved: number }[]) =>
    Object.fromEntries(rows.map((row) => [row.id, `${row.available}+${row.reserved}`]));
  return { stock: shown(products as never), points: shown(accounts as never) };
}

/** The states of an order's reservations: stock's, then points'. */
export async function statesOf({ databases }: World, orderId: string): Promise<string[]> {
  const of = (service: 'product' | 'point') =>
    databases[service]('reservations')
      .where('order_id', orderId)
      .distinct()
      .pluck<string[]>('state');
  return [...(await of('product')), ...(await of('point'))];
}

/** Everything ended, nothing reserved, and the auditor has nothing to say. */
export async function expectClean(world: World): Promise<void> {
  const [order, product, point] = services.map((service) =>
    openDatabase({ url: world.databases.url('auditor', service), poolMax: 2 }),
  );
  if (!order || !product || !point) throw new Error('There are three services');
  try {
    const isOpen = openWorkflows(world.client);
    const report = await audit({ order, product, point, isOpen });
    expect({ violations: report.violations, inFlight: report.inFlight }).toEqual({
      violations: [],
      inFlight: [],
    });
  } finally {
    await Promise.all([order, product, point].map((knex) => knex.destroy()));
  }
  for (const service of ['product', 'point'] as const) {
    const open = world.databases[service]('reservations').whereIn('state', ['reserved', 'frozen']);
    expect(await open).toEqual([]);
  }
}

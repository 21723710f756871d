import { auditOf } from '../support/audited';
import type { World } from '../support/world';

/** Helpers of TCC's tests. */

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

/** Expects that everything has ended, nothing is reserved, and the auditor finds nothing. */
export async function expectClean(world: World): Promise<void> {
  const { violations, inFlight } = await auditOf(world);
  expect({ violations, inFlight }).toEqual({ violations: [], inFlight: [] });
  for (const service of ['product', 'point'] as const) {
    const open = world.databases[service]('reservations').whereIn('state', ['reserved', 'frozen']);
    expect(await open).toEqual([]);
  }
}

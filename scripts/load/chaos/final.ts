import type { Knex } from 'knex';
import { openDatabase } from '../../../activities/transaction/connection';
import { type OrderStatus } from '../../../contracts/order';
import { type Service, services } from '../../../contracts/participants';
import type { RunningStack } from '../../stack/state';

/** One order of a run as the three databases have it in the end. */
export interface FinalOrder {
  orderId: string;
  customerId: string;
  key: string;
  status: OrderStatus;
  reason: string | null;
  total: number;
  lines: { productId: string; quantity: number }[];
  /** By the database's clock, milliseconds since 1970. */
  createdMs: number;
  /** When its owner of now took it; null while nobody ever has. */
  ownedMs: number | null;
  /** Its owner has taken it from one that was gone. */
  adopted: boolean;
  endedMs: number | null;
  /** What the ledgers say that it took, what it gave back subtracted; by product, and points. */
  stock: Record<string, number>;
  points: number;
}

const ordersPerRead = 1_000;

type Databases = Record<Service, Knex>;

/** Reads what became of a run's orders, with the user that may read everything. */
export class FinalReader {
  private readonly databases: Databases;

  /** @param keyPrefix in front of every idempotency key of the run */
  constructor(
    stack: Pick<RunningStack, 'databases'>,
    private readonly keyPrefix: string,
  ) {
    const open = (service: Service) =>
      openDatabase({ url: stack.databases[service].auditorUrl, poolMax: 1 });
    const entries = services.map((service) => [service, open(service)] as const);
    this.databases = Object.fromEntries(entries) as Databases;
  }

  /** How many of the run's orders are claimed and have not ended. */
  async unfinished(): Promise<number> {
    const rows: unknown[] = await this.ofRun()
      .whereIn('status', ['PLACING', 'PENDING'])
      .select('order_id');
    return rows.length;
  }

  /** All of the run's orders; only once they have ended is this one instant's truth. */
  async read(): Promise<FinalOrder[]> {
    const rows = (await this.ofRun()
      .select('order_id', 'customer_id', 'idempotency_key', 'status', 'reason', 'total')
      .select('owner', 'created_at', 'owned_at', 'ended_at')
      .orderBy('order_id')) as OrderRow[];
    const orders = rows.map(toOrder);
    for (let i = 0; i < orders.length; i += ordersPerRead) {
      await this.addContent(orders.slice(i, i + ordersPerRead));
    }
    return orders;
  }

  async close(): Promise<void> {
    await Promise.all(services.map((service) => this.databases[service].destroy()));
  }

  private ofRun(): Knex.QueryBuilder {
    return this.databases.order('orders').whereRaw('idempotency_key LIKE ?', `${this.keyPrefix}%`);
  }

  private async addContent(orders: FinalOrder[]): Promise<void> {
    const { order, product, point } = this.databases;
    const byId = new Map(orders.map((one) => [one.orderId, one]));
    const ids = [...byId.keys()];
    const lines = (await order('order_lines')
      .select('order_id', 'product_id', 'quantity')
      .whereIn('order_id', ids)
      .orderBy(['order_id', 'line_number'])) as LineRow[];
    for (const { order_id: id, product_id: productId, quantity } of lines) {
      byId.get(id)?.lines.push({ productId, quantity });
    }
    // The ledgers are signed by what they add; decimals come as text.
    const stock = await product('stock_ledger')
      .select('order_id', 'product_id')
      .sum<(LineRow & { added: string })[]>({ added: 'quantity' })
      .whereIn('order_id', ids)
      .groupBy('order_id', 'product_id');
    for (const { order_id: id, product_id: productId, added } of stock) {
      const one = byId.get(id);
      if (one && Number(added) !== 0) one.stock[productId] = -Number(added);
    }
    const points = await point('point_ledger')
      .select('order_id')
      .sum<{ order_id: string; added: string }[]>({ added: 'points' })
      .whereIn('order_id', ids)
      .groupBy('order_id');
    for (const { order_id: id, added } of points) {
      const one = byId.get(id);
      if (one) one.points = Number(added) === 0 ? 0 : -Number(added);
    }
  }
}

interface OrderRow {
  order_id: string;
  customer_id: string;
  idempotency_key: string;
  status: OrderStatus;
  reason: string | null;
  total: number;
  owner: string | null;
  created_at: Date;
  owned_at: Date | null;
  ended_at: Date | null;
}

interface LineRow {
  order_id: string;
  product_id: string;
  quantity: number;
}

function toOrder(row: OrderRow): FinalOrder {
  return {
    orderId: row.order_id,
    customerId: row.customer_id,
    key: row.idempotency_key,
    status: row.status,
    reason: row.reason,
    total: row.total,
    lines: [],
    createdMs: row.created_at.getTime(),
    ownedMs: row.owned_at?.getTime() ?? null,
    adopted: row.owner?.startsWith('adopt-') ?? false,
    endedMs: row.ended_at?.getTime() ?? null,
    stock: {},
    points: 0,
  };
}

import type { Row } from '../../activities/database/tables';
import { orderTerms, withTerms } from '../../contracts/order';
import type { OrderStatus, PlacedOrder } from '../../contracts/order';
import { byParticipant, participants, type ParticipantName } from '../../contracts/participants';
import { closeAll, openAll, type AllDatabases } from '../stack/all-databases';
import type { RunningStack } from '../stack/state';

/** One order of a run as the databases have it in the end. */
export interface FinalOrder extends PlacedOrder {
  key: string;
  status: OrderStatus;
  reason: string | null;
  /** By the database's clock, milliseconds since 1970. */
  createdMs: number;
  /** When its owner of now took it; null while nobody ever has. */
  ownedMs: number | null;
  /** Its owner has taken it from one that was gone. */
  adopted: boolean;
  endedMs: number | null;
  /** What the ledgers say that it took of each balance, what it gave back subtracted. */
  moved: Record<ParticipantName, Record<string, number>>;
}

const ordersPerRead = 1_000;

/** Reads what became of a run's orders, with the user that may read everything. */
export class FinalReader {
  private readonly databases: AllDatabases;

  /** @param keyPrefix in front of every idempotency key of the run */
  constructor(
    stack: Pick<RunningStack, 'databases'>,
    private readonly keyPrefix: string,
  ) {
    this.databases = openAll(stack, 'auditorUrl', 1);
  }

  /** How many of the run's orders are claimed and have not ended. */
  async unfinished(): Promise<number> {
    const rows = await this.ofRun().whereIn('status', ['PLACING', 'PENDING']).select('order_id');
    return rows.length;
  }

  /** All of the run's orders; only once they have ended is this one instant's truth. */
  async read(): Promise<FinalOrder[]> {
    const rows = await this.ofRun()
      .select('order_id', 'customer_id', 'idempotency_key', 'status', 'reason', 'total')
      .select<OrderRow[]>('owner', 'created_at', 'owned_at', 'ended_at', ...orderTerms)
      .orderBy('order_id');
    const orders = rows.map(toOrder);
    for (let i = 0; i < orders.length; i += ordersPerRead) {
      await this.addContent(orders.slice(i, i + ordersPerRead));
    }
    return orders;
  }

  async close(): Promise<void> {
    await closeAll(this.databases);
  }

  private ofRun() {
    return this.databases.order('orders').whereRaw('idempotency_key LIKE ?', `${this.keyPrefix}%`);
  }

  private async addContent(orders: FinalOrder[]): Promise<void> {
    const byId = new Map(orders.map((one) => [one.orderId, one]));
    const ids = [...byId.keys()];
    const lines = await this.databases
      .order('order_lines')
      .select('order_id', 'product_id', 'quantity', 'unit_price')
      .whereIn('order_id', ids)
      .orderBy(['order_id', 'line_number']);
    for (const { order_id: id, product_id: productId, quantity, unit_price: price } of lines) {
      byId.get(id)?.lines.push({ productId, quantity, unitPrice: Number(price) });
    }
    // The ledgers are signed by what they add; decimals come as text.
    for (const { name, books } of participants) {
      const rows: MovedRow[] = await this.databases[name](books.ledger)
        .select({ orderId: 'order_id', balance: books.key })
        .sum<MovedRow[]>({ added: books.amount })
        .whereIn('order_id', ids)
        .groupBy('order_id', books.key);
      for (const { orderId, balance, added } of rows) {
        const one = byId.get(orderId);
        if (one && Number(added) !== 0) one.moved[name][balance] = -Number(added);
      }
    }
  }
}

type OrderRow = Omit<Row<'orders'>, 'request_hash' | 'pattern' | 'decision'>;

interface MovedRow {
  orderId: string;
  balance: string;
  added: string;
}

function toOrder(row: OrderRow): FinalOrder {
  return {
    orderId: row.order_id,
    customerId: row.customer_id,
    key: row.idempotency_key,
    status: row.status,
    reason: row.reason,
    total: Number(row.total),
    ...withTerms(row),
    lines: [],
    createdMs: row.created_at.getTime(),
    ownedMs: row.owned_at?.getTime() ?? null,
    adopted: row.owner?.startsWith('adopt-') ?? false,
    endedMs: row.ended_at?.getTime() ?? null,
    moved: byParticipant(() => ({})),
  };
}

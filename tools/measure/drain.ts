import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';

const pollMs = 250;
const drainMsMax = 300_000;

/** The database's clock, which also stamps the orders' ends; as text, to the microsecond. */
export async function databaseTime(order: Knex): Promise<string> {
  const [rows] = (await order.raw('SELECT CAST(UTC_TIMESTAMP(6) AS CHAR) t')) as [{ t: string }[]];
  return rows[0]?.t ?? '';
}

/** Waits until no order is on its way, or for five minutes. */
export async function drained(order: Knex): Promise<void> {
  const deadline = Date.now() + drainMsMax;
  while (Date.now() < deadline) {
    const [moving] = (await order.raw(
      `SELECT 1 FROM orders WHERE status IN ('PLACING', 'PENDING') LIMIT 1`,
    )) as [unknown[]];
    if (moving.length === 0) return;
    await sleep(pollMs);
  }
}

/** How many seconds lie between the first and the last end of an order since an instant. */
export async function endsSince(order: Knex, startedAt: string): Promise<number> {
  const [rows] = (await order.raw(
    `SELECT TIMESTAMPDIFF(MICROSECOND, MIN(ended_at), MAX(ended_at)) us FROM orders
     WHERE ended_at >= ?`,
    [startedAt],
  )) as [{ us: number | null }[]];
  return (rows[0]?.us ?? 0) / 1e6;
}

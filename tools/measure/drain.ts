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

/** How many orders ended in each second since an instant, and after how long the first and last. */
export async function endsSince(order: Knex, startedAt: string) {
  const [rows] = (await order.raw(
    `SELECT FLOOR(TIMESTAMPDIFF(MICROSECOND, ?, ended_at) / 1e6) s, COUNT(*) n,
            MAX(TIMESTAMPDIFF(MICROSECOND, ?, ended_at)) us,
            MIN(TIMESTAMPDIFF(MICROSECOND, ?, ended_at)) first
     FROM orders WHERE ended_at >= ? GROUP BY s ORDER BY s`,
    [startedAt, startedAt, startedAt, startedAt],
  )) as [{ s: number; n: number; us: number; first: number }[]];
  const drainSeconds = (rows.at(-1)?.us ?? 0) / 1e6;
  const firstSeconds = (rows[0]?.first ?? 0) / 1e6;
  const endedBySecond = Array.from({ length: Math.ceil(drainSeconds) }, () => 0);
  for (const { s, n } of rows) endedBySecond[s] = n;
  return { endedBySecond, drainSeconds, firstSeconds };
}

import type { Books } from '../../contracts/participants/definition';

/**
 * The statements that store orders by their numbers. What an order is follows from its number
 * alone, by hashes that every MySQL computes alike; what is taken for it, from its definition.
 */

/** A basket has 1 to so many lines. */
export const linesMax = 3;
const quantityMax = 3;

/** Numbers to ids and prices, in the order service's database while orders are stored. */
export const scratch = { products: 'bench_products', customers: 'bench_customers' };

const counting = '/*+ SET_VAR(cte_max_recursion_depth = 1000000) */';
const insert = `INSERT ${counting} INTO`;

/** A version 7 UUID, as the product mints them: the time in front, the rest as if by chance. */
const numbers = `
  WITH RECURSIVE seq AS (
    SELECT CAST(:first AS UNSIGNED) i UNION ALL SELECT i + 1 FROM seq WHERE i < :end
  ), timed AS (
    SELECT i, LEFT(SHA2(CONCAT('order ', i), 256), 32) m, :epochMs + i * 1000 ms FROM seq
  ), numbers AS (
    SELECT i, m, ms, FROM_UNIXTIME(ms / 1000) t, LPAD(LOWER(HEX(ms)), 12, '0') h FROM timed
  ), ids AS (
    SELECT i, m, ms, t, CONCAT('o-', LEFT(h, 8), '-', RIGHT(h, 4), '-7', LEFT(m, 3), '-8',
                           SUBSTR(m, 4, 3), '-', RIGHT(m, 12)) order_id FROM numbers
  )`;

/** Its lines ask for products that lie side by side, so that none is asked for twice. */
const withLines = `${numbers}, k AS (SELECT 1 k UNION ALL SELECT 2 UNION ALL SELECT 3), asked AS (
    SELECT ids.order_id, ids.i, ids.m, ids.ms, ids.t, k.k line_number,
           (CRC32(CONCAT('product ', ids.i)) + k.k) % :productCount n,
           1 + CRC32(CONCAT('quantity ', ids.i, ' ', k.k)) % ${quantityMax} quantity
    FROM ids JOIN k ON k.k <= 1 + CRC32(CONCAT('lines ', ids.i)) % ${linesMax}
  ), order_lines_of AS (
    SELECT asked.*, p.product_id, p.price FROM asked JOIN ${scratch.products} p USING (n)
  )`;

const totals = (more = '') => `${withLines}, totals AS (
    SELECT order_id, MIN(i) i, MIN(m) m, MIN(ms) ms, MIN(t) t, SUM(quantity * price) total${more}
    FROM order_lines_of GROUP BY order_id
  ), owned AS (
    SELECT totals.*, c.customer_id FROM totals
    JOIN ${scratch.customers} c ON c.n = CRC32(CONCAT('customer ', totals.i)) % :customerCount
  )`;

/** As long as a real one. */
const hash = `CONCAT('v1:', LEFT(SHA2(m, 256), 43))`;

export const ordersSql = `${insert} orders (order_id, customer_id, idempotency_key, request_hash,
    status, pattern, owner, decision, total, created_at, owned_at, ended_at) ${totals()}
  SELECT order_id, customer_id, CONCAT('stored-', m), ${hash}, 'COMPLETED', 'saga',
         CONCAT('stored-', LEFT(m, 12)), 'COMPLETE', total, t, t + INTERVAL 2 MICROSECOND,
         t + INTERVAL 20000 MICROSECOND
  FROM owned ORDER BY order_id`;

export const linesSql = `${insert} order_lines
    (order_id, line_number, product_id, quantity, unit_price) ${withLines}
  SELECT order_id, line_number, product_id, quantity, price FROM order_lines_of
  ORDER BY order_id, line_number`;

/** The orders of these numbers, as their rows and lines will be. */
export const readSql = `${totals(`,
    JSON_ARRAYAGG(JSON_OBJECT('productId', product_id, 'quantity', quantity, 'unitPrice', price)) items`)}
  SELECT ${counting} order_id, customer_id, CAST(ms AS CHAR) ms, items FROM owned ORDER BY order_id`;

/** Rows that come as one document: an order's id, its time, and what else is named. */
const rowsOf = (own: string) => `JSON_TABLE(?, '$[*]' COLUMNS (
    order_id VARCHAR(64) PATH '$.orderId', ms BIGINT PATH '$.ms', ${own})) AS taken`;

export function ledgerSql({ ledger, key, amount, taking }: Books): string {
  return `INSERT INTO ${ledger} (order_id, ${key}, kind, ${amount}, recorded_at)
    SELECT order_id, id, '${taking}', -amount, FROM_UNIXTIME(ms / 1000)
    FROM ${rowsOf(`id VARCHAR(64) PATH '$.id', amount BIGINT PATH '$.amount'`)}`;
}

export function stepsSql(action: string): string {
  return `INSERT INTO steps (order_id, step, hash, outcome, recorded_at)
    SELECT order_id, '${action}', hash, '{"kind":"done"}', FROM_UNIXTIME(ms / 1000)
    FROM ${rowsOf(`hash VARCHAR(64) PATH '$.hash'`)}`;
}

/** Adds to the balances what the ledger has gained since the entry that is its only binding. */
export function balanceSql({ balances, ledger, key, amount }: Books): string {
  return `UPDATE ${balances} b
    JOIN (SELECT ${key} k, SUM(${amount}) moved FROM ${ledger} WHERE entry_id > ? GROUP BY ${key}) l
    ON l.k = b.${key} SET b.available = b.available + l.moved`;
}

import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { heldByOrder, type Statement } from '../../tools/measure/locks';
import { listenWhile, prepareListening } from '../../tools/measure/statements';
import { until } from '../support/orders';
import { onConnection, startOwnServer, type OwnServer } from './server';

/** How long rows are locked: by the rules, and on a server with locks of a known duration. */

const a = 'o-00000000-0000-7000-8000-00000000000a';
const b = 'o-00000000-0000-7000-8000-00000000000b';

/** A statement of 1 ms at this time in ms, by default on connection 1. */
function at(startMs: number, verb: string, text: string, more: Partial<Statement> = {}): Statement {
  return {
    thread: 1,
    verb,
    text,
    startMs,
    endMs: startMs + 1,
    waitedMs: 0,
    failed: false,
    ...more,
  };
}

describe('by the rules', () => {
  test('a lock lasts from the first statement that locks such a row until COMMIT', () => {
    const held = heldByOrder([
      at(0, 'begin', 'BEGIN'),
      at(10, 'insert', `INSERT INTO steps VALUES ('${a}')`),
      at(20, 'select', 'select `available` from `products` FORCE INDEX (PRIMARY) for update'),
      at(30, 'update', 'UPDATE products SET available = 1'),
      at(40, 'select', 'select * from point_accounts'),
      at(100, 'commit', 'COMMIT'),
    ]);
    expect(held.get(a)).toEqual({ stock: 80, points: 0, any: 90 });
  });

  test('a statement’s own wait does not count; an order’s transactions add up', () => {
    const held = heldByOrder([
      at(0, 'begin', 'BEGIN'),
      at(10, 'update', `UPDATE point_accounts SET x = '${a}'`, { waitedMs: 50, endMs: 61 }),
      at(70, 'rollback', 'ROLLBACK'),
      at(100, 'update', `UPDATE orders SET y = 1 WHERE order_id = '${a}'`, { endMs: 105 }),
    ]);
    expect(held.get(a)).toEqual({ stock: 0, points: 10, any: 10 + 5 });
  });

  test('each order of a batch is charged with the whole time', () => {
    const held = heldByOrder([
      at(0, 'begin', 'BEGIN'),
      at(10, 'insert', `INSERT INTO steps VALUES ('${a}'), ('${b}')`),
      at(20, 'update', 'UPDATE products SET available = 1'),
      at(30, 'commit', 'COMMIT'),
    ]);
    expect(held.get(a)).toEqual({ stock: 10, points: 0, any: 20 });
    expect(held.get(b)).toEqual(held.get(a));
  });

  test('a prepared branch holds its locks until its commit on another connection', () => {
    const held = heldByOrder([
      at(0, 'xa_start', "XA START X'0a',X'0b',7"),
      at(10, 'insert', `INSERT INTO steps VALUES ('${a}')`),
      at(20, 'update', 'UPDATE products SET available = 1'),
      at(30, 'xa_end', "XA END X'0a',X'0b',7"),
      at(40, 'xa_prepare', "XA PREPARE X'0a',X'0b',7"),
      at(50, 'xa_commit', "XA COMMIT X'0a', X'0b', 7", { thread: 2, failed: true }),
      at(60, 'xa_commit', "XA COMMIT X'0A',X'0C',7", { thread: 2 }),
      at(90, 'xa_commit', "XA COMMIT X'0A',X'0B',7", { thread: 2 }),
    ]);
    expect(held.get(a)).toEqual({ stock: 70, points: 0, any: 80 });
  });

  test('a branch that is rolled back where it began ends there', () => {
    const held = heldByOrder([
      at(0, 'xa_start', "XA START 'g'"),
      at(10, 'update', `UPDATE products SET x = '${a}'`),
      at(20, 'xa_end', "XA END 'g'"),
      at(30, 'xa_rollback', "XA ROLLBACK 'g'"),
      at(40, 'update', `UPDATE orders SET x = '${a}'`),
    ]);
    expect(held.get(a)).toEqual({ stock: 20, points: 0, any: 20 + 1 });
  });

  test('a table that is only named in a written value is not locked', () => {
    const held = heldByOrder([
      at(0, 'insert', `INSERT INTO notes VALUES ('${a}', 'it\\'s products for update', 'o')`),
      at(5, 'select', `SELECT 'FOR UPDATE', '${a}' FROM point_accounts`),
    ]);
    expect(held.get(a)).toEqual({ stock: 0, points: 0, any: 1 });
  });

  test('a branch that is committed in one phase ends there too', () => {
    const held = heldByOrder([
      at(0, 'xa_start', "XA START X'0a',X'0b',7"),
      at(10, 'update', `UPDATE products SET x = '${a}'`),
      at(20, 'xa_end', "XA END X'0a',X'0b',7"),
      at(35, 'xa_commit', "XA COMMIT X'0a',X'0b',7 ONE PHASE"),
    ]);
    expect(held.get(a)).toEqual({ stock: 25, points: 0, any: 25 });
  });

  test('connections do not mix, and reading locks nothing', () => {
    const held = heldByOrder([
      at(0, 'begin', 'BEGIN'),
      at(1, 'update', `UPDATE products SET x = '${a}'`),
      at(5, 'begin', 'BEGIN', { thread: 2 }),
      at(6, 'select', `SELECT * FROM products WHERE '${b}'`, { thread: 2 }),
      at(7, 'commit', 'COMMIT', { thread: 2 }),
      at(11, 'commit', 'COMMIT'),
    ]);
    expect(held.get(a)).toEqual({ stock: 10, points: 0, any: 10 });
    expect(held.get(b)).toEqual({ stock: 0, points: 0, any: 0 });
  });
});

describe('on a server', () => {
  let server: OwnServer;
  let worker: Knex;

  beforeAll(async () => {
    server = await startOwnServer();
    await prepareListening(server.admin);
    worker = server.open('product', 'worker');
    await worker('products').insert({
      product_id: 'apple',
      name: 'apple',
      price: 1,
      available: 100,
      opening: 100,
    });
  });
  afterAll(() => server.stop());

  const newId = () => `o-${randomUUID()}`;
  const take = `UPDATE products SET available = available - 1 WHERE product_id = 'apple'`;
  const note = (id: string) =>
    `INSERT INTO steps (order_id, step, hash) VALUES ('${id}', 's', 'h')`;

  /** Waits until a session waits for a row's lock. */
  async function somebodyWaits(): Promise<void> {
    await until('a session waits for the row', async () => {
      const [rows] = (await server.admin.raw(
        'SELECT 1 FROM performance_schema.data_lock_waits LIMIT 1',
      )) as [unknown[]];
      return rows.length > 0;
    });
  }

  test('the measured wait for a lock equals the measured time for which it is held', async () => {
    const [first, second] = [newId(), newId()];
    let waitedMs = 0;
    const { statements, lost } = await listenWhile(server.admin, () =>
      onConnection(worker, async (run) => {
        await run('BEGIN');
        await run(note(first));
        await run(take);
        const begunAt = performance.now();
        const waiting = onConnection(worker, async (runOther) => {
          await runOther('BEGIN');
          await runOther(note(second));
          await runOther(take);
          waitedMs = performance.now() - begunAt;
          await runOther('COMMIT');
        });
        await somebodyWaits();
        await new Promise((resolve) => setTimeout(resolve, 300));
        await run('COMMIT');
        await waiting;
      }),
    );
    const held = heldByOrder(statements);
    expect(lost).toBe(0);
    const [holder, waiter] = [held.get(first), held.get(second)];
    expect(holder?.stock).toBeGreaterThan(300);
    expect(holder?.stock).toBeLessThan(waitedMs + 200);
    expect(waiter?.any).toBeGreaterThan(300);
    // It holds the product's row only after the other's commit.
    expect(waiter?.stock).toBeLessThan(200);
  });

  test('a branch holds its rows until another connection commits it', async () => {
    const orderId = newId();
    const xid = `X'67',X'62',1`;
    const { statements, lost } = await listenWhile(server.admin, async () => {
      await onConnection(worker, async (run) => {
        await run(`XA START ${xid}`);
        await run(note(orderId));
        await run(take);
        await run(`XA END ${xid}`);
        await run(`XA PREPARE ${xid}`);
      });
      const blocked = worker.raw(take);
      blocked.catch(() => undefined);
      await somebodyWaits();
      await new Promise((resolve) => setTimeout(resolve, 200));
      await onConnection(server.open('product', 'worker'), (run) => run(`XA COMMIT ${xid}`));
      await blocked;
    });
    expect(lost).toBe(0);
    expect(heldByOrder(statements).get(orderId)?.stock).toBeGreaterThan(200);
  });

  test('every statement is recorded, even if there are more than one query returns', async () => {
    const ids = Array.from({ length: 800 }, newId);
    const { statements, lost } = await listenWhile(server.admin, async () => {
      for (const id of ids) await worker.raw(note(id));
    });
    expect(lost).toBe(0);
    const heard = new Set(heldByOrder(statements).keys());
    expect(ids.filter((id) => !heard.has(id))).toEqual([]);
  });

  test('the statements of the measurement itself are not counted', async () => {
    const auditor = server.open('product', 'auditor');
    const { statements } = await listenWhile(server.admin, async () => {
      await auditor.raw('SELECT * FROM products');
      await worker.raw('SELECT 1');
    });
    expect(statements.map(({ text }) => text)).toContain('SELECT 1');
    expect(statements.filter(({ text }) => text.includes('products'))).toEqual([]);
    expect(statements.filter(({ text }) => text.includes('performance_schema'))).toEqual([]);
  });
});

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { openDatabase } from '../../activities/database/connection';
import { createApp } from '../../api/app';
import { batchLimits, defaultTiming } from '../../contracts/limits';
import { patterns } from '../../contracts/order';
import { byService } from '../../contracts/participants';
import { customerId, productId, seededWorld } from '../../migrations/seed';
import { databaseUsers } from '../../migrations/grants';
import { readConfig } from '../../workers/wiring/config';
import { timingFrom, timingSettings } from '../../workers/wiring/timing';
import { readingFrom } from '../api/harness';
import { codeIn, root, tableOf, textOf } from './pages';

/** What the documents list and count must match the code. */

describe('the pages', () => {
  /** Without a database: the test queries none. */
  async function documentedCalls(): Promise<string[]> {
    const knex = openDatabase({ url: 'mysql://nobody:none@127.0.0.1:1/none', poolMax: 1 });
    const api = createApp({
      logger: pino({ level: 'silent' }),
      ...readingFrom(byService(() => knex)),
      authentication: { keys: { keys: [] }, issuer: 'tests', audience: 'tests' },
      patterns: {},
      defaultPattern: 'saga',
      timing: defaultTiming,
      temporalReady: () => Promise.resolve(),
      resolve: {
        run: () => Promise.resolve('pending'),
        isOpen: () => Promise.resolve(false),
      },
      releaseEvent: () => Promise.resolve(),
      runbooksFolder: join(root, 'docs', 'runbooks'),
    });
    const response = await api.request('/openapi.json');
    const { paths } = (await response.json()) as { paths: Record<string, object> };
    expect((await api.request('/runbooks/README')).status).toBe(200);
    await knex.destroy();
    const described = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    return [...described, 'GET /openapi.json', 'GET /runbooks/{name}'];
  }

  it('list exactly the API’s calls', async () => {
    const listed = tableOf('docs/api.md', 'call', 'answers').flatMap(([calls]) => {
      let method = '';
      return codeIn(calls).flatMap((code) => {
        const [, verb, path = ''] = /^(?:([A-Z]+) )?(\/[^?]*)/.exec(code) ?? [];
        method = verb ?? method;
        return path === '' ? [] : [`${method} ${path}`];
      });
    });
    expect(listed.sort()).toEqual((await documentedCalls()).sort());
  });

  it('list every command', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const listed = tableOf('docs/commands.md', 'command', 'does').flatMap(([command]) =>
      codeIn(command),
    );
    const there = Object.keys(scripts).map((name) =>
      name === 'test' ? 'npm test' : `npm run ${name}`,
    );
    expect(['npm run start', ...listed].sort()).toEqual(there.sort());
  });

  it('list every folder', () => {
    const there = readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/^\.|^node_modules$/.test(entry.name))
      .map(({ name }) => `${name}/`);
    const listed = tableOf('docs/code.md', 'folder', 'what it holds').flatMap(([folder]) =>
      codeIn(folder),
    );
    expect(listed.sort()).toEqual(there.sort());
  });

  it('describe the seeded world', () => {
    const { products, customers, firstScarceProduct, scarceStock, firstPoorCustomer, poorPoints } =
      seededWorld;
    const prose = textOf('docs/api.md').replaceAll(/\s+/g, ' ');
    expect(prose).toContain(
      `products \`${productId(1)}\` to \`${productId(products)}\`, customers \`${customerId(1)}\` to \`${customerId(customers)}\``,
    );
    expect(prose).toContain(
      `\`${productId(firstScarceProduct)}\` to \`${productId(products - 1)}\` have ${scarceStock} pieces each, \`${productId(products)}\` has none`,
    );
    expect(prose).toContain(
      `\`${customerId(firstPoorCustomer)}\` to \`${customerId(customers)}\` have ${poorPoints} points each`,
    );
  });
});

describe('the results on the README', () => {
  const results = tableOf('README.md', 'pattern', 'orders/s', '× `lock`');
  const measured = tableOf('docs/comparison.md', 'pattern', 'orders/s', '× lock');
  const watched = tableOf('docs/comparison.md', 'pattern', 'stock locked p50');
  const rowOf = (rows: string[][], pattern: string) =>
    rows.find(([name]) => name === pattern) ?? [];

  it.each([...patterns])('of %s match the comparison', (pattern) => {
    const row = results.find(([name]) => codeIn(name)[0] === pattern) ?? [];
    const [, throughput, ratio] = rowOf(measured, pattern);
    const [, , , , share = '', atLeast = ''] = rowOf(watched, pattern);
    expect(row.slice(1, 4)).toEqual([
      throughput,
      ratio,
      atLeast === '-' ? share : `${share}, ${atLeast} ms`,
    ]);
  });

  it.each([...patterns])('of %s match the failure matrix', (pattern) => {
    const row = results.find(([name]) => codeIn(name)[0] === pattern) ?? [];
    const [, section = ''] = textOf('docs/failure-matrix.md').split(`\n## ${pattern}\n`);
    const [, held = ''] = /^(\d+) cells hold/m.exec(section) ?? [];
    expect(row[4]).toBe(`${held} of ${held}`);
  });
});

describe('the database users', () => {
  const privileges = databaseUsers.flatMap(({ user, grants }) =>
    grants.map(({ table, privileges: may }) => ({ user, table, may })),
  );

  it('match the architecture’s table', () => {
    const users = new Set(databaseUsers.map(({ user }) => user));
    const listed = tableOf('docs/ARCHITECTURE.md', 'process', 'database user', 'may').flatMap(
      ([, user]) => codeIn(user),
    );
    expect(listed.sort()).toEqual([...users].sort());
  });

  it('may delete nothing, and change no row of a ledger', () => {
    expect(privileges.filter(({ may }) => /DELETE|ALL/.test(may))).toEqual([]);
    const ledgers = privileges.filter(({ table }) => table.endsWith('_ledger'));
    expect(ledgers.map(({ may }) => may.includes('UPDATE'))).toEqual(ledgers.map(() => false));
    expect(ledgers.length).toBeGreaterThan(0);
  });

  it('of `lock` may read no barrier and change no owner, as its page says', () => {
    const ofLock = privileges.filter(({ user }) => user === 'lock_worker');
    expect(ofLock.map(({ table }) => table)).not.toContain('steps');
    const [orders] = ofLock.filter(({ table }) => table === 'orders');
    expect(orders?.may).toBe('SELECT, UPDATE (status, decision, reason, waits_for, ended_at)');
  });
});

describe('the times', () => {
  /** The forms in which a page may state it. */
  function formsOf(name: string, value: number): string[] {
    if (/_S(_|$)/.test(name)) return [`${value} s`];
    if (!/_MS(_|$)/.test(name)) return [`${value}`];
    return [`${value} ms`, `${value / 1_000} s`, `${value / 60_000} min`];
  }

  const rows = ['docs/saga.md', 'docs/tcc.md', 'docs/xa.md'].flatMap((page) =>
    tableOf(page, 'what', 'value', 'where').flatMap(([what = '', value = '', where = '']) =>
      codeIn(where.replace(/above.*/, ''))
        .filter((name) => /^[A-Z_]+$/.test(name))
        .map((name) => ({ page, what, value, name })),
    ),
  );

  it.each(rows)('$page: $what, by $name', ({ value, name }) => {
    const { [name]: setting } = readConfig([name as 'ACTION_MS_MAX'], {}) as Record<string, number>;
    const said = formsOf(name, setting ?? Number.NaN);
    expect(said.filter((form) => new RegExp(`(^|\\D)${form}(\\W|$)`).test(value))).not.toEqual([]);
  });

  it('are given for most settings', () => {
    expect(rows.length).toBeGreaterThan(15);
  });

  it('are the defaults', () => {
    expect(timingFrom(readConfig(timingSettings, {}))).toEqual(defaultTiming);
  });

  it('let the scanner decide only after both prepares have been given up', () => {
    const { SCAN_CANCEL_AFTER_MS: after, ACTION_MS_MAX: action } = readConfig(
      ['SCAN_CANCEL_AFTER_MS', 'ACTION_MS_MAX'],
      {},
    );
    expect(after).toBeGreaterThan(2 * action);
  });

  it('and limits of a batch match the code', () => {
    const { ordersMax, linesMax, bytesMax } = batchLimits;
    const words = `${ordersMax} orders, ${linesMax.toLocaleString('en')} lines or ${bytesMax / 1_024} KiB`;
    for (const page of ['docs/saga.md', 'docs/decisions/0006-batches.md']) {
      expect(textOf(page).replaceAll(/\s+/g, ' ')).toContain(words);
    }
  });
});

describe('the outcomes of a step', () => {
  /** The kinds in a type of the source. */
  const kindsIn = (source: string) =>
    [...source.matchAll(/kind: '([a-z-]+)';/g)].map(([, kind = '']) => kind);
  const [, interfaces = ''] = textOf('contracts/steps.ts').split(
    '/** The effect is there, once. */',
  );
  const kinds = kindsIn(interfaces.split('export type')[0] ?? '');

  it('are all named by decision 4', () => {
    const page = textOf('docs/decisions/0004-locked-and-broken-leave-no-trace.md');
    const [, sentence = ''] = /There are seven kinds: ([^.]+)\./.exec(page) ?? [];
    expect(codeIn(sentence)).toEqual(kinds);
    expect(kinds).toHaveLength(7);
  });

  it('of the saga are the first five, and recorded as its page says', () => {
    const [, recorded = ''] =
      /RecordedOutcome = ([^;]+);/.exec(textOf('activities/barrier/barrier.ts')) ?? [];
    const rows = tableOf('docs/saga.md', 'outcome', 'means', 'recorded');
    expect(rows.flatMap(([kind]) => codeIn(kind))).toEqual(kinds.slice(0, 5));
    const yes = rows.filter(([, , is]) => is === 'yes').flatMap(([kind]) => codeIn(kind));
    expect(recorded.split(' | ').map((kind) => kind.toLowerCase())).toEqual(yes);
  });
});

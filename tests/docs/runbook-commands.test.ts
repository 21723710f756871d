import { spawn } from 'node:child_process';
import { services } from '../../contracts/participants';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../activities/database/connection';
import { readSettings } from '../../tools/stack/settings';
import { createTestDatabases, type TestDatabases } from '../support/databases';
import { mysqlServer } from '../support/servers';

/**
 * A runbook's SQL works as it is written: bash runs every block of commands, with the index's own
 * `sql`, on migrated databases. Other commands do nothing.
 */

const root = join(__dirname, '..', '..');
const runbooks = join(root, 'docs', 'runbooks');
const pages = readdirSync(runbooks).filter((page) => page.endsWith('.md'));

let databases: TestDatabases;

beforeAll(async () => {
  databases = await createTestDatabases();
});

afterAll(() => databases.drop());

/** An operator's value for each name. */
const found: Record<string, string> = {
  orderId: 'o-1',
  owner: 'place-1',
  customerId: 'c-1',
  productId: 'p-1',
  entryId: '1',
  quantity: '2',
  total: '10',
  off: '3',
  surplus: '3',
  step: 'restoreStock',
  eventId: 'o-1:OrderPlaced',
  pieces: '7',
  points: '7',
  owed: '7',
  you: 'olga',
  why: 'counted',
  gtrid: 'a1',
  bqual: 'b1',
  formatID: '7',
};

let bookings = 0;

/** The blocks of commands of a page, with every name filled in. */
function blocksOf(path: string): string[] {
  const blocks = readFileSync(path, 'utf8').matchAll(/^( *)```sh\n([^]*?)^ *```$/gm);
  return [...blocks].map(([, , block = '']) =>
    block.replaceAll(/<(\w+)>/g, (name, key: string) =>
      // Each booking needs its own reference.
      key === 'reference' ? `booking-${(bookings += 1)}` : (found[key] ?? name),
    ),
  );
}

const ofSql = (blocks: string[]) =>
  blocks.filter((block) => /^\s*sql (order|product|point)|^sql\(\)/m.test(block));

/** Replaces every command but `sql`. */
const others = `
set -e -o pipefail
npm() { case "$*" in *--json) printf '%s' "$STACK" ;; esac }
curl() { :; }
temporal() { :; }
grep() { :; }
`;

/** Without blocking, because the pools here must end connections before the server does. */
async function run(blocks: string[]) {
  const { host, port, user, password } = mysqlServer();
  const ofService = services.map((service) => {
    const admin = { host, port, adminUser: user, adminPassword: password };
    return [service, { ...admin, database: databases.names[service] }];
  });
  const stack = { databases: Object.fromEntries(ofService) as object };
  const define = ofSql(blocksOf(join(runbooks, 'README.md'))).slice(-1);
  const bash = spawn('bash', ['-c', [others, ...define, ...blocks].join('\n')], {
    cwd: root,
    env: { ...readSettings().basicEnvironment, STACK: JSON.stringify(stack) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  bash.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [status] = (await once(bash, 'close')) as [number | null];
  return { status, stderr };
}

/** The prepared branch that branch-in-doubt ends by hand. */
const xid = `X'a1', X'b1', 7`;

async function prepareBranch(): Promise<void> {
  const { host, port, user, password } = mysqlServer();
  const url = `mysql://${user}:${encodeURIComponent(password)}@${host}:${String(port)}/`;
  const connection = openDatabase({ url, poolMax: 1, oneConnection: true });
  for (const step of ['START', 'END', 'PREPARE']) await connection.raw(`XA ${step} ${xid}`);
  await connection.destroy();
}

it.each(pages)(
  'every statement of %s runs as it is written',
  async (page) => {
    await databases.empty();
    await databases.points({ 'c-1': 1_000 });
    await databases.stock({ 'p-1': { available: 1_000 } });
    await databases.product('products').update({ reserved: 1_000 });
    const blocks = ofSql(blocksOf(join(runbooks, page)));
    if (blocks.some((block) => block.includes(`XA COMMIT ${xid}`))) await prepareBranch();
    expect(await run(blocks)).toEqual({ status: 0, stderr: '' });
  },
  120_000,
);

it('the statements of a heuristic outcome move the points, and the next check finds that', async () => {
  const { point } = databases;
  await databases.empty();
  await databases.points({ 'c-1': 100 });
  await point('xa_branches').insert({
    order_id: 'o-1',
    gtrid: 'a1',
    participant: 'point',
    hash: 'v1:test',
    locked_rows: '[]',
  });
  const blocks = ofSql(blocksOf(join(runbooks, 'heuristic-outcome.md')));
  const [took, gaveBack] = blocks.filter((block) => block.includes('START TRANSACTION'));
  const after = async (block = '') => {
    expect(await run(['ORDER=o-1', block])).toEqual({ status: 0, stderr: '' });
    return {
      steps: await point('steps').where('order_id', 'o-1').orderBy('step').pluck('step'),
      available: await point('point_accounts').where('customer_id', 'c-1').pluck('available'),
      ledger: await point('point_ledger').where('order_id', 'o-1').pluck('points'),
    };
  };
  expect(await after(took)).toEqual({ steps: ['preparePoints'], available: [90], ledger: [-10] });
  expect(await after(gaveBack)).toEqual({
    steps: ['preparePoints', 'rollbackPoints'],
    available: [100],
    ledger: [-10, 10],
  });
}, 60_000);

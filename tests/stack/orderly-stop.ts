import { setTimeout as sleep } from 'node:timers/promises';
import { listPrepared } from '../../activities/participant/branch-connection';
import { openDatabase } from '../../activities/database/connection';
import { prepareMysqlServers, ensurePrograms } from '../../tools/stack/servers';
import { readSettings } from '../../tools/stack/settings';
import { readStackFile } from '../../tools/stack/stack-file';
import { describeStack, type RunningStack } from '../../tools/stack/state';
import { Supervisor } from '../../tools/stack/supervisor';
import { clientOf, LiveStack } from './live-stack';

const callers = 16;

/** Callers who place by XA, one order after the other, until the API is gone. */
function placeByXa(client: ReturnType<typeof clientOf>) {
  return Array.from({ length: callers }, async (_, n) => {
    for (let i = 0; ; i += 1) {
      const customerId = `c-0${String(1_000 + n)}`;
      const items = [{ productId: `p-0${String(100 + n)}`, quantity: 1 }];
      const order = { customerId, items };
      try {
        const { orderId = '' } = await client.create(order, `stop-${n}-${i}`);
        await client.place(order, orderId, 'xa');
      } catch {
        return;
      }
    }
  });
}

/** Waits until a stop would leave branches, and returns how many. */
async function branchesSeen(stack: RunningStack): Promise<number> {
  const knex = openDatabase({ url: stack.databases.order.adminUrl, poolMax: 1 });
  const deadline = Date.now() + 60_000;
  try {
    for (;;) {
      const { length } = await listPrepared(knex);
      if (length > 0 || Date.now() > deadline) return length;
      await sleep(5);
    }
  } finally {
    await knex.destroy();
  }
}

/** The prepared branches on the stack's server, which is started alone for this. */
async function preparedOnDisk(live: LiveStack): Promise<number> {
  const settings = { ...readSettings(), localFolder: live.folder };
  const file = readStackFile(live.folder);
  if (!file) throw new Error('The stack has left no file');
  const programs = await ensurePrograms(settings, () => undefined);
  const supervisor = new Supervisor({ changed: () => undefined, died: () => undefined });
  const servers = await prepareMysqlServers(file, settings, programs);
  try {
    await supervisor.start(servers, { msMax: 60_000, deathsMax: 3 });
    const knex = openDatabase({ url: describeStack(file).databases.order.adminUrl, poolMax: 1 });
    const prepared = await listPrepared(knex);
    await knex.destroy();
    return prepared.length;
  } finally {
    await supervisor.stop([servers.map(({ name }) => name)]);
  }
}

/** An orderly stop under load leaves no branch prepared. */
export async function stopsWithNoBranchLeft(live: LiveStack): Promise<void> {
  const stack = await live.ready();
  const client = clientOf(stack, callers);
  const calling = placeByXa(client);
  expect(await branchesSeen(stack)).toBeGreaterThan(0);
  const { code, stdout } = await live.run(['stop']);
  expect([code, stdout]).toEqual([0, expect.stringContaining('is stopped')]);
  await Promise.all(calling);
  await client.close();
  expect(live.output).not.toContain('prepared branch is left');
  expect(await preparedOnDisk(live)).toBe(0);
}

import type { Knex } from 'knex';
import type * as ActivitiesModule from '../../activities/participant/activities';
import type * as BarrierModule from '../../activities/barrier/barrier';
import type { RegisteredParticipant } from '../../contracts/participants';
import { product } from '../../contracts/participants/product';
import { modelled } from '../participants/participant';
import { checkParticipant, crashable, type CrashSwitch } from '../participants/property';
import { createTestDatabases, type TestDatabases } from '../support/databases';

/**
 * The barrier, broken on purpose by typical mistakes. The property that the real one satisfies must
 * catch each, or that property proves nothing.
 */

type Barrier = typeof BarrierModule;
type Outcome = Awaited<ReturnType<Barrier['runOnce']>>[number];
const real = jest.requireActual<Barrier>('../../activities/barrier/barrier');

let databases: TestDatabases;
let knex: Knex;
const crash: CrashSwitch = { armed: false, fired: 0 };

beforeAll(async () => {
  databases = await createTestDatabases();
  // As the administrator, because some mutants delete barrier rows, which no service may.
  knex = databases.product;
});

afterAll(async () => {
  await databases.drop();
});

async function check(mutant: Partial<Barrier>): Promise<void> {
  jest.resetModules();
  jest.doMock('../../activities/barrier/barrier', () => ({ ...real, ...mutant }));
  const { createParticipantActivities } = jest.requireActual<typeof ActivitiesModule>(
    '../../activities/participant/activities',
  );
  const participant: RegisteredParticipant = product;
  const activities = createParticipantActivities(participant, crashable(knex, crash));
  await checkParticipant({
    participant: modelled(participant, knex, activities),
    crash,
    rejection: { kind: 'rejected', code: 'insufficient-stock' },
    linesMax: 3,
    runs: 100,
  });
}

const noRow: Partial<Barrier> = {
  runOnce: (_trx, _barrier, commands, act) => act([...commands]),
};

const rowOutsideTheTransaction: Partial<Barrier> = {
  runOnce: async (_trx, barrier, commands, act) => {
    let fresh: typeof commands = [];
    const answers = await knex.transaction((other) =>
      real.runOnce(other, barrier, commands, (mine) => {
        fresh = mine;
        return Promise.resolve(mine.map(() => ({ kind: 'done' }) as const));
      }),
    );
    const outcomes = fresh.length > 0 ? await act([...fresh]) : [];
    const byOrder = new Map<string, Outcome>();
    fresh.forEach(({ orderId }, i) => byOrder.set(orderId, outcomes[i] as Outcome));
    return commands.map(({ orderId }, i) => byOrder.get(orderId) ?? (answers[i] as Outcome));
  },
};

const noTombstone: Partial<Barrier> = {
  compensateOnce: async (trx, barrier, commands, reverse) => {
    const answers = await real.compensateOnce(trx, barrier, commands, reverse);
    await trx('steps').where({ step: barrier.undoes, outcome: '{"kind":"cancelled"}' }).delete();
    return answers;
  },
};

const rejectionNotStored: Partial<Barrier> = {
  runOnce: async (trx, barrier, commands, act) => {
    const answers = await real.runOnce(trx, barrier, commands, act);
    await trx('steps').where('outcome', 'like', '%rejected%').delete();
    return answers;
  },
};

it('the unbroken barrier passes', async () => {
  await expect(check({})).resolves.toBeUndefined();
});

it.each([
  ['writes no row', noRow],
  ['writes its row outside the transaction', rowOutsideTheTransaction],
  ['leaves no tombstone', noTombstone],
  ['does not store rejections', rejectionNotStored],
])('catches a barrier that %s', async (_name, mutant) => {
  await expect(check(mutant)).rejects.toThrow(/Property failed after/);
});

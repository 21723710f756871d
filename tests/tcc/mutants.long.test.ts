import { join } from 'node:path';
import type * as ActivitiesModule from '../../activities/participant/activities';
import { openDatabase } from '../../activities/database/connection';
import { product } from '../../contracts/participants/product';
import { mutate, type Mutation } from '../mutants/mutate';
import { crashable, type CrashSwitch } from '../participants/property';
import { createTestDatabases } from '../support/databases';
import { mutants } from './mutants';
import { checkReservations } from './property';

/** It ends at the first that fails. */
const runsMax = 500;

async function check(mutations: Mutation[], runs: number): Promise<void> {
  const { folder, remove } = mutate(mutations);
  const databases = await createTestDatabases();
  const knex = openDatabase({ url: databases.url('product_worker', 'product'), poolMax: 5 });
  try {
    const { createParticipantActivities } = jest.requireActual<typeof ActivitiesModule>(
      join(folder, 'activities/participant/activities'),
    );
    const crash: CrashSwitch = { armed: false, fired: 0 };
    const activities = createParticipantActivities(product, crashable(knex, crash));
    await checkReservations({ databases, activities, crash }, runs);
  } finally {
    remove();
    await knex.destroy();
    await databases.drop();
  }
}

it('an unchanged copy passes', () => check([], 60), 120_000);

it.each(mutants)(
  'a participant that %s is caught',
  async (_what, mutations) => {
    await expect(check(mutations, runsMax)).rejects.toThrow(/Property failed after/);
  },
  120_000,
);

import { createParticipantActivities } from '../../activities/participant/activities';
import { point } from '../../contracts/participants/point';
import { product } from '../../contracts/participants/product';
import type { Knex } from 'knex';
import { openDatabase } from '../../activities/transaction/connection';
import { createTestDatabases, type TestDatabases } from '../support/databases';
import { pointParticipant, productParticipant } from './participant';
import { checkParticipant, crashable, type CrashSwitch } from './property';

let databases: TestDatabases;
const pools: Knex[] = [];
const crash: CrashSwitch = { armed: false, fired: 0 };

beforeAll(async () => {
  databases = await createTestDatabases();
});

afterAll(async () => {
  for (const pool of pools) await pool.destroy();
  await databases.drop();
});

function pool(user: string, service: 'product' | 'point'): Knex {
  const knex = openDatabase({ url: databases.url(user, service), poolMax: 5 });
  pools.push(knex);
  return crashable(knex, crash);
}

const runs = 60;

it('the product service does what its model does, whatever comes', async () => {
  await checkParticipant({
    participant: productParticipant(
      databases.product,
      createParticipantActivities(product, pool('product_worker', 'product')),
    ),
    crash,
    rejection: { kind: 'rejected', code: 'insufficient-stock' },
    linesMax: 3,
    runs,
  });
});

it('the point service does what its model does, whatever comes', async () => {
  await checkParticipant({
    participant: pointParticipant(
      databases.point,
      createParticipantActivities(point, pool('point_worker', 'point')),
    ),
    crash,
    rejection: { kind: 'rejected', code: 'insufficient-points' },
    linesMax: 1,
    runs,
  });
});

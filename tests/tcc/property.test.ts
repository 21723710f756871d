import { createParticipantActivities } from '../../activities/participant/activities';
import { product } from '../../contracts/participants/product';
import { openDatabase } from '../../activities/database/connection';
import { crashable, type CrashSwitch } from '../participants/property';
import { createTestDatabases } from '../support/databases';
import { checkReservations } from './property';

const runs = 50;

it('the product service reserves, confirms, cancels and freezes like its model under random steps', async () => {
  const databases = await createTestDatabases();
  const crash: CrashSwitch = { armed: false, fired: 0 };
  const knex = openDatabase({ url: databases.url('product_worker', 'product'), poolMax: 5 });
  const activities = createParticipantActivities(product, crashable(knex, crash));
  await checkReservations({ databases, activities, crash }, runs);
  expect(crash.fired).toBeGreaterThan(0);
  await knex.destroy();
  await databases.drop();
}, 120_000);

import { createParticipantActivities } from '../../activities/participant/activities';
import {
  participants,
  type ParticipantName,
  type RegisteredParticipant,
} from '../../contracts/participants';
import type { Knex } from 'knex';
import { openDatabase } from '../../activities/database/connection';
import { createTestDatabases, type TestDatabases } from '../support/databases';
import { modelled } from './participant';
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

function pool(name: ParticipantName): Knex {
  const knex = openDatabase({ url: databases.url(`${name}_worker`, name), poolMax: 5 });
  pools.push(knex);
  return crashable(knex, crash);
}

const runs = 60;

it.each(participants)(
  'the $name service behaves like its model under random steps',
  async (one) => {
    const { name, rejection } = one;
    await checkParticipant({
      participant: modelled(one, databases[name], createParticipantActivities(one, pool(name))),
      crash,
      rejection: { kind: 'rejected', code: rejection.code },
      linesMax: balancesMax(one),
      runs,
    });
  },
);

/** The number of balances from which one order may take, up to three. */
function balancesMax({ commandOf, owes }: RegisteredParticipant): number {
  const three = ['a', 'b', 'c'].map((id) => ({ id, amount: 1 }));
  return owes(commandOf('o-1', three)).length;
}

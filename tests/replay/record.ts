import { createWorld, nothingIsOld, type World } from '../support/world';
import { rollBackAll } from '../xa/branches';
import { record } from './histories';
import { outcomes } from './outcomes';
import { scenarios } from './scenarios';

/**
 * `npm run histories` runs this on real servers, as jest runs a test, and so writes the histories
 * that replay.test.ts replays. No test run comes here: its name does not end in `.test.ts`.
 */

let world: World;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.stop());

// A scenario may end with prepared branches, which lock their rows and tables.
afterEach(() => rollBackAll(world));

beforeEach(async () => {
  world.clearFaults();
  Object.assign(world.recovery, nothingIsOld);
  await world.databases.empty();
  const plenty = { available: 1_000 };
  await world.databases.stock({ apple: plenty, pear: plenty, rare: { available: 1 } });
  await world.databases.points({ anna: 10_000, poor: 3 });
});

it.each(outcomes)(
  '%s',
  async (outcome) => {
    await record(outcome, await scenarios[outcome](world));
  },
  60_000,
);

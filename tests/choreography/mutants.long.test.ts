import { mutate, type Mutation } from '../mutants/mutate';
import { crashable, type CrashSwitch } from '../participants/property';
import { createHandDelivered } from './hand-delivery';
import { mutants } from './mutants';
import { checkInterleavings } from './property';

async function check(mutations: Mutation[]): Promise<void> {
  const { folder, remove } = mutate(mutations);
  const crash: CrashSwitch = { armed: false, fired: 0 };
  const shop = await createHandDelivered((knex) => crashable(knex, crash), folder);
  try {
    await checkInterleavings(shop, crash);
  } finally {
    remove();
    await shop.end();
  }
}

it('an unchanged copy passes', () => check([]), 120_000);

it.each(mutants)(
  '%s is caught',
  async (_what, symptom, mutations) => {
    const checked = check(mutations);
    await expect(checked).rejects.toThrow(/Property failed after/);
    await expect(checked).rejects.toThrow(symptom);
  },
  120_000,
);

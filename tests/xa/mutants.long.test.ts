import { mutate, type Mutation } from '../mutants/mutate';
import { mutants } from './mutants';
import { createParticipant, type Participant } from './participant-world';

async function check(
  mutations: Mutation[],
  ...promises: ((p: Participant) => Promise<void>)[]
): Promise<void> {
  const { folder, remove } = mutate(mutations);
  const p = await createParticipant(folder);
  try {
    for (const promise of promises) {
      await p.begin();
      await promise(p);
    }
  } finally {
    remove();
    await p.letGo();
    await p.end();
  }
}

it('an unchanged copy keeps the promises', () =>
  check([], ...mutants.map(({ promise }) => promise)));

it.each(mutants)('a participant that $what is caught', async (mutant) => {
  await expect(check(mutant.mutations, mutant.promise)).rejects.toThrow(mutant.symptom);
});

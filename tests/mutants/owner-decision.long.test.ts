import { join } from 'node:path';
import { createOrderIntake } from '../../activities/order/intake';
import {
  cancelBeforeCompletionWins,
  concurrentClaimsHaveOneWinner,
  nothingIsCompensatedBeforeCancelIsRead,
} from '../saga/promises';
import { codeIn, createWorld, type World } from '../support/world';
import { mutate, type Mutation } from './mutate';
import { answersOwnVerdict, claimWithoutStatus, completeOverDecision } from './mutations';

/** "One owner, one decision", broken on purpose; each mutant must fail the promise's check. */

const compensationBeforeTheDecision: Mutation[] = [
  {
    file: 'workflows/saga.ts',
    in: 'decide',
    from: 'const decided = await',
    to: `const doomed = asked.filter((one) => verdictOn(one, cancelled).decision === 'CANCEL');
    await giveBack(this.run, ordersOf(doomed), () => ordersOf(doomed));
    const decided = await`,
  },
];

async function inMutatedWorld(
  mutations: Mutation[],
  check: (world: World, createIntake: typeof createOrderIntake) => Promise<void>,
): Promise<void> {
  const mutant = mutate(mutations);
  try {
    const world = await createWorld(codeIn(mutant.folder));
    try {
      await world.databases.stock({ apple: { available: 1_000 } });
      await world.databases.points({ anna: 10_000 });
      const intake = jest.requireActual<{ createOrderIntake: typeof createOrderIntake }>(
        join(mutant.folder, 'activities/order/intake'),
      );
      await check(world, intake.createOrderIntake);
    } finally {
      await world.stop();
    }
  } finally {
    mutant.remove();
  }
}

it('an unchanged copy keeps the promises', async () => {
  await inMutatedWorld([], async (world, createIntake) => {
    await concurrentClaimsHaveOneWinner(world, createIntake(world.databases.order));
    await cancelBeforeCompletionWins(world);
    delete world.faults.decideOrders;
    await nothingIsCompensatedBeforeCancelIsRead(world);
  });
});

it('catches a claim without its status guard', async () => {
  await inMutatedWorld(claimWithoutStatus, async (world, createIntake) => {
    const check = concurrentClaimsHaveOneWinner(world, createIntake(world.databases.order));
    await expect(check).rejects.toThrow(/toHaveLength/);
  });
});

it('catches a decision that is not the first writer’s', async () => {
  await inMutatedWorld([...completeOverDecision, ...answersOwnVerdict], async (world) => {
    await expect(cancelBeforeCompletionWins(world)).rejects.toThrow(/"completed": 1/);
  });
});

it('catches a compensation before the decision was read back', async () => {
  await inMutatedWorld(compensationBeforeTheDecision, async (world) => {
    await expect(nothingIsCompensatedBeforeCancelIsRead(world)).rejects.toThrow(/toEqual/);
  });
});

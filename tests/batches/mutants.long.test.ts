import { mutate, type Mutation } from '../mutants/mutate';
import { mutants } from './mutants';
import { checkOrders } from './property';
import { createOrderService } from './service';

/** The order service, broken on purpose: the property of its batches must catch each mutant. */

const runsMax = 300;
async function checkMutant(mutations: Mutation[]): Promise<void> {
  const mutant = mutate(mutations);
  try {
    const service = await createOrderService(mutant.folder);
    try {
      await checkOrders(service, runsMax);
    } finally {
      await service.end();
    }
  } finally {
    mutant.remove();
  }
}

it.each(mutants)(
  '%s is caught',
  async (_what, symptom, mutations) => {
    const check = checkMutant(mutations);
    await expect(check).rejects.toThrow(/seed/);
    await expect(check).rejects.toThrow(symptom);
  },
  120_000,
);

import type { CompensationResult, CompensationStep } from '../contracts/steps';
import type { DrainInput, DrainResult } from '../contracts/workflows';
import { compensate, compensationSteps } from './compensate';
import { compensationsOf, orderSteps } from './proxies';

/**
 * The compensation registry's drain, started by a schedule: one try for each row that is due. It
 * never gives up: a row that fails again is due again later, and its alert stays open.
 */
export async function drainCompensations({ timing, limit }: DrainInput): Promise<DrainResult> {
  const order = orderSteps(timing);
  const compensations = compensationsOf(timing, 1);
  const due = await order.dueCompensations(limit);
  if (due.length === 0) return { madeGood: 0, failed: 0 };

  const tryStep = async (step: CompensationStep): Promise<CompensationResult[]> => {
    const orders = due.filter((row) => row.step === step).map((row) => row.order);
    const failed = await compensate(compensations, step, orders);
    const errors = new Map(failed.map(({ orderId, error }) => [orderId, error]));
    return orders.map(({ orderId }) => resultOf(orderId, step, errors.get(orderId)));
  };
  const results = (await Promise.all(compensationSteps.map(tryStep))).flat();
  await order.recordCompensations(results);
  return counts(results);
}

function resultOf(
  orderId: string,
  step: CompensationStep,
  error: string | undefined,
): CompensationResult {
  return error === undefined ? { orderId, step } : { orderId, step, error };
}

function counts(results: CompensationResult[]): DrainResult {
  const failed = results.filter(({ error }) => error !== undefined).length;
  return { madeGood: results.length - failed, failed };
}

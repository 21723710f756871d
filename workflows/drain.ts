import { setCurrentDetails } from '@temporalio/workflow';
import { counted } from '../contracts/labels';
import type { CompensationResult, CompensationStep } from '../contracts/steps';
import type { DrainInput, DrainResult } from '../contracts/workflows';
import { showTroubled } from './attributes';
import { compensate, compensationSteps } from './compensate';
import { quoted, runbookLink, tableOf } from './markdown';
import { compensationsOf, orderSteps } from './proxies';

/**
 * The compensation registry's drain, started by a schedule: one try for each row that is due. It
 * never gives up: a row that fails again is due again later, and its alert stays open.
 */
export async function drainCompensations(input: DrainInput): Promise<DrainResult> {
  const { timing, limit, runbooksUrl } = input;
  const order = orderSteps(timing);
  const compensations = compensationsOf(timing, 1);
  const due = await order.dueCompensations(limit);
  if (due.length === 0) {
    setCurrentDetails('No compensation is due.');
    return { madeGood: 0, failed: 0 };
  }

  const tryStep = async (step: CompensationStep): Promise<CompensationResult[]> => {
    const orders = due.filter((row) => row.step === step).map((row) => row.order);
    const failed = await compensate(compensations, step, orders);
    const errors = new Map(failed.map(({ orderId, error }) => [orderId, error]));
    return orders.map(({ orderId }) => resultOf(orderId, step, errors.get(orderId)));
  };
  setCurrentDetails(`**${counted(due.length, 'compensation')}** due; each is tried once`);
  const results = (await Promise.all(compensationSteps.map(tryStep))).flat();
  show(results, runbooksUrl);
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

/** What an operator reads in the Temporal UI: those that failed again, why, and what to do. */
function show(results: CompensationResult[], runbooksUrl: string | undefined): void {
  const { madeGood, failed } = counts(results);
  const lines = [
    `**${counted(results.length, 'compensation')}** tried: ${madeGood} made good, ${failed} failed`,
  ];
  if (failed > 0) {
    showTroubled();
    const again = results.filter(({ error }) => error !== undefined);
    const link = runbookLink('compensation-failing', runbooksUrl);
    lines.push('', `Those are due again later. **What to do**: ${link}`);
    lines.push(
      ...tableOf(['order', 'step', 'failed with'], again, ({ orderId, step, error = '' }) => [
        orderId,
        step,
        quoted(error),
      ]),
    );
  }
  setCurrentDetails(lines.join('\n'));
}

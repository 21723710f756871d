import { continueAsNew, patched } from '@temporalio/workflow';
import { counted } from '../../contracts/labels';
import type { CompensationResult, DuePosition } from '../../contracts/recovery';
import type { DrainInput, DrainResult } from '../../contracts/workflows';
import type { CompensationStep, RegisteredParticipant } from '../../contracts/participants';
import { showTroubled } from '../ui/attributes';
import { showDetails } from '../ui/details';
import { compensate, errorOf, type Returned } from '../shared/compensate';
import { zip } from '../shared/zip';
import { GrowingTable, quoted, runbookLink } from '../ui/markdown';
import { participantsHere } from '../shared/participants';
import { compensationOf, orderSteps } from '../shared/steps';
import { isLongEnough, noteEnd } from './run';

/**
 * The compensation registry's drain: one attempt for each due row, page by page. Each compensation
 * has pages of its own, so a participant that is down does not block the others' compensations. The
 * drain never gives up: a row that fails becomes due again later, and its alert stays open.
 */
export async function drainCompensations(input: DrainInput): Promise<DrainResult> {
  const drain = new Drain(input);
  const stops = await Promise.all(
    participantsHere().map(async (one) => ({
      step: one.steps.saga.compensation,
      stop: await drain.through(one),
    })),
  );
  await noteEnd('drain', input);
  if (stops.some(({ stop }) => stop !== null)) {
    const after = Object.fromEntries(stops.map(({ step, stop }) => [step, stop]));
    await continueAsNew<typeof drainCompensations>({
      ...input,
      from: { after, result: drain.result },
    });
  }
  return drain.result;
}

/** Where a compensation's pages begin. */
const start = 'start';
type Start = typeof start;

class Drain {
  readonly result: DrainResult;
  private readonly order;
  private recorded: Promise<void> = Promise.resolve();
  private readonly failed = new GrowingTable(['order', 'step', 'failed with']);

  constructor(private readonly input: DrainInput) {
    this.result = input.from?.result ?? { madeGood: 0, failed: 0 };
    this.order = orderSteps(input);
    showDetails(() => this.details());
    if (this.result.failed > 0) showTroubled();
  }

  /** Answers where the next run continues; null if nothing more is due. */
  async through(participant: RegisteredParticipant): Promise<DuePosition | null> {
    const { from, limit, timing } = this.input;
    const step = participant.steps.saga.compensation;
    const run = compensationOf(participant, { timing }, 1);
    let after: DuePosition | null | Start = from ? (from.after[step] ?? null) : start;
    while (after === start || (after !== null && !isLongEnough())) {
      const query = { step, limit, after: after === start ? null : after };
      const { orders, last } = await this.order.dueCompensations(query);
      if (orders.length > 0) {
        const answers = zip(orders, await compensate(participant, run, orders, 'wait'));
        const results = answers.map(([{ orderId }, answer]) => resultOf(orderId, step, answer));
        this.count(results);
        await this.record(results);
      }
      after = last;
    }
    return after;
  }

  /** Recordings take turns: each skips orders' rows that another one has locked. */
  private record(results: CompensationResult[]): Promise<void> {
    const write = () => this.order.recordCompensations(results);
    this.recorded = patched('recorded-in-turn') ? this.recorded.then(write) : write();
    return this.recorded;
  }

  private count(results: CompensationResult[]): void {
    for (const { orderId, step, error } of results) {
      if (error === undefined) {
        this.result.madeGood += 1;
      } else {
        this.result.failed += 1;
        this.failed.add(orderId, step, quoted(error));
      }
    }
    if (this.result.failed > 0) showTroubled();
  }

  /** Shows operators the compensations that failed again, why, and what to do. */
  private details(): string {
    const { madeGood, failed } = this.result;
    const lines = [
      `**${counted(madeGood + failed, 'compensation')}** retried: ${madeGood} succeeded, ` +
        `${failed} failed`,
    ];
    if (failed > 0) {
      const link = runbookLink('compensation-failing', this.input.runbooksUrl);
      lines.push('', `The failed ones are retried later. **What to do**: ${link}`);
      lines.push(...this.failed.lines());
    }
    return lines.join('\n');
  }
}

function resultOf(orderId: string, step: CompensationStep, answer: Returned): CompensationResult {
  const error = errorOf(answer);
  return error === undefined ? { orderId, step } : { orderId, step, error };
}

import { continueAsNew } from '@temporalio/workflow';
import { counted } from '../../contracts/labels';
import type { StepTiming } from '../../contracts/limits';
import type { PlacedOrder } from '../../contracts/order';
import type { ForceInput, ForceResult } from '../../contracts/workflows';
import { showTroubled } from '../ui/attributes';
import { showDetails } from '../ui/details';
import { GrowingTable, quoted, runbookLink } from '../ui/markdown';
import { brokenOf, has } from '../shared/answered';
import { inRounds } from '../shared/rounds';
import { participantsHere } from '../shared/participants';
import { orderSteps, orderStepsOnce } from '../shared/steps';
import {
  byOutcome,
  endAgain,
  endReservations,
  failingOf,
  type Ended,
} from '../shared/reservations';
import { isLongEnough, noteEnd, togetherOrAlone } from './run';
import { zip } from '../shared/zip';

/**
 * Forced confirmation: retries the confirms of COMPLETE orders once per run, whatever their age,
 * without limit. Only an operator can decide otherwise.
 */
export async function forceConfirmations(input: ForceInput): Promise<ForceResult> {
  const force = new Force(input);
  let afterOrder: string | undefined = input.from?.afterOrder ?? '';
  while (afterOrder !== undefined) {
    afterOrder = await force.page(afterOrder);
    if (afterOrder === undefined || !isLongEnough()) continue;
    await noteEnd('force', input);
    await continueAsNew<typeof forceConfirmations>({
      ...input,
      from: { afterOrder, result: force.result },
    });
  }
  await noteEnd('force', input);
  return force.result;
}

/** An order that is not confirmed, and why. */
interface Left {
  orderId: string;
  why: string;
}

class Force {
  readonly result: ForceResult;
  private readonly order;
  /** For calls that must not wait for a locked row. */
  private readonly once;
  private readonly waiting = new GrowingTable(['order', 'why it is not confirmed']);
  /** Further retries belong to the next run. */
  readonly timing: StepTiming;

  constructor(private readonly input: ForceInput) {
    this.result = input.from?.result ?? { completed: 0, pending: 0 };
    this.order = orderSteps(input);
    this.once = orderStepsOnce(input);
    // What stays locked for longer than a wait is left to the next run.
    this.timing = { ...input.timing, confirmAttemptsMax: 1, heldMsMax: 1 };
    showDetails(() => this.details());
    if (this.result.pending > 0) showTroubled();
  }

  /** Confirms the next orders. Answers the last of them, or undefined if there are no more. */
  async page(afterOrder: string): Promise<string | undefined> {
    const { olderThanMs, limit } = this.input;
    const orders = await this.order.findUnconfirmed({ olderThanMs, afterOrder, limit });
    const left = await this.confirmAgain(orders);
    this.result.completed += orders.length - left.length;
    this.result.pending += left.length;
    for (const { orderId, why } of left) this.waiting.add(orderId, quoted(why));
    if (this.result.pending > 0) showTroubled();
    return orders.length < limit ? undefined : orders.at(-1)?.orderId;
  }

  private async confirmAgain(orders: PlacedOrder[]): Promise<Left[]> {
    if (orders.length === 0) return [];
    const left: Left[] = [];
    await inRounds(
      this.timing,
      await endReservations(participantsHere(), 'confirm', this, orders),
      {
        askAgain: (held) => endAgain(participantsHere(), 'confirm', this, held),
        handOn: async (ended) => {
          left.push(...(await this.conclude(ended)));
        },
      },
    );
    return left;
  }

  /** @returns the orders that are not completed */
  private async conclude(ended: Ended[]): Promise<Left[]> {
    const { done, broken, failing } = byOutcome(ended);
    const [held] = await Promise.all([
      this.complete(done),
      togetherOrAlone(failing, (some) =>
        this.once.alertOrders(some.map((one) => failingOf('confirm', one))),
      ),
      this.hold(broken),
    ]);
    const told = [...broken, ...failing].map((one) => ({
      orderId: one.order.orderId,
      why: whyNot(one),
    }));
    return [...told, ...held];
  }

  /** Answers the confirmed orders whose row is locked; the next run ends them. */
  private async complete(done: Ended[]): Promise<Left[]> {
    const failed = await togetherOrAlone(done, (some) =>
      this.once.completeOrders(some.map(({ order }) => order.orderId)),
    );
    return failed.map(({ item, why }) => ({ orderId: item.order.orderId, why }));
  }

  /** No alert if an operator has changed the decision since it was read. */
  private async hold(broken: Ended[]): Promise<void> {
    if (broken.length === 0) return;
    const now = await this.order.readDecisions(broken.map((one) => one.order.orderId));
    const wrong = zip(broken, now).flatMap(([one, decision]) =>
      decision === 'COMPLETE' ? [one] : [],
    );
    await togetherOrAlone(wrong, (some) => this.once.holdOrders(some.map((one) => brokenOf(one))));
  }

  /** Shows operators the orders that still wait, why, and what to do. */
  private details(): string {
    const { completed, pending } = this.result;
    const lines = [
      `**${counted(completed + pending, 'order')}** retried: ` +
        `${completed} completed, ${pending} PENDING`,
    ];
    if (pending > 0) {
      const link = runbookLink('confirmation-failing', this.input.runbooksUrl);
      lines.push('', `The PENDING ones are retried later. **What to do**: ${link}`);
      lines.push(...this.waiting.lines());
    }
    return lines.join('\n');
  }
}

function whyNot(one: Ended): string {
  if (!has(one, 'broken')) return failingOf('confirm', one).detail;
  const { step, code } = brokenOf(one);
  return `${step}: ${code}`;
}

import { log, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { counted } from '../contracts/labels';
import type { AgedQuery } from '../contracts/reservations';
import type { StandingDecision, PointCommand, Step, StockCommand } from '../contracts/steps';
import type { AgedInput, SweepResult } from '../contracts/workflows';
import { showTroubled } from './attributes';
import { runbookLink } from './markdown';
import { impatientOrderSteps, orderSteps, participantsOf } from './proxies';
import { reasonOf } from './reasons';
import { phaseSteps, settle, type Phase, type Settled } from './reservations';

/** One participant's part of TCC, as its sweep needs it. */
interface Swept<C> {
  aged: (query: AgedQuery) => Promise<C[]>;
  steps: Record<Phase, Step<C>>;
  names: Record<Phase, string>;
}

/**
 * The participants' sweep, started by a schedule: each asks the order service about reservations
 * that are older than its limit. CANCEL → it cancels; COMPLETE → it confirms; undecided → it
 * holds, because adoption decides; no answer → it holds, and says so. It decides nothing, so
 * that it may meet any other confirmation or cancellation of the same order, in any order.
 */
export async function sweepReservations(input: AgedInput): Promise<SweepResult> {
  const { product, point } = participantsOf(input.timing, input.timing.confirmAttemptsMax);
  const sweep = new Sweep(input);
  await Promise.all([
    sweep.through<StockCommand>({
      aged: product.agedStock,
      steps: { confirm: product.confirmStock, cancel: product.cancelStock },
      names: { confirm: phaseSteps.confirm.stock, cancel: phaseSteps.cancel.stock },
    }),
    sweep.through<PointCommand>({
      aged: point.agedPoints,
      steps: { confirm: point.confirmPoints, cancel: point.cancelPoints },
      names: { confirm: phaseSteps.confirm.points, cancel: phaseSteps.cancel.points },
    }),
  ]);
  return sweep.end();
}

class Sweep {
  private readonly result: SweepResult = { confirmed: 0, cancelled: 0, held: 0 };
  private readonly order;
  private readonly troubles = new Set<string>();

  constructor(private readonly input: AgedInput) {
    this.order = impatientOrderSteps(input.timing);
  }

  async through<C extends { orderId: string }>(participant: Swept<C>): Promise<void> {
    const { olderThanMs, limit } = this.input;
    let afterOrder: string | undefined = '';
    try {
      while (afterOrder !== undefined && !workflowInfo().continueAsNewSuggested) {
        const aged: C[] = await participant.aged({ olderThanMs, afterOrder, limit });
        if (aged.length > 0) await this.settleAll(participant, aged);
        afterOrder = aged.length < limit ? undefined : aged.at(-1)?.orderId;
      }
    } catch (error) {
      // The participant itself is away: its reservations wait for the next run.
      this.trouble(reasonOf(error));
    }
  }

  end(): SweepResult {
    const { confirmed, cancelled, held } = this.result;
    const lines = [
      `**${counted(confirmed + cancelled + held, 'reservation')}** older than the limit: ` +
        `${confirmed} confirmed, ${cancelled} cancelled, ${held} held`,
    ];
    if (this.troubles.size > 0) {
      showTroubled();
      const link = runbookLink('reservation-held', this.input.runbooksUrl);
      lines.push('', `${[...this.troubles].join('; ')}. **What to do**: ${link}`);
    }
    setCurrentDetails(lines.join('\n'));
    return this.result;
  }

  private async settleAll<C extends { orderId: string }>(participant: Swept<C>, aged: C[]) {
    const standings = await this.ask(aged);
    const decided = (wanted: StandingDecision) => aged.filter((_, i) => standings[i] === wanted);
    if (decided('unknown').length > 0) this.trouble('reservations of orders that there are not');
    const cancelled = await this.settlePhase(participant, 'cancel', decided('CANCEL'));
    const confirmed = await this.settlePhase(participant, 'confirm', decided('COMPLETE'));
    this.result.cancelled += cancelled;
    this.result.confirmed += confirmed;
    this.result.held += aged.length - cancelled - confirmed;
  }

  /** What the order service says; nothing is known when it cannot be asked. */
  private async ask(aged: { orderId: string }[]): Promise<StandingDecision[]> {
    try {
      return await this.order.readDecisions(aged.map(({ orderId }) => orderId));
    } catch (error) {
      this.trouble(`the order service does not answer: ${reasonOf(error)}`);
      return [];
    }
  }

  /** @returns for how many it was done */
  private async settlePhase<C extends { orderId: string }>(
    { steps, names }: Swept<C>,
    phase: Phase,
    commands: C[],
  ): Promise<number> {
    const settled = await settle(steps[phase], commands, {
      ...this.input.timing,
      confirmAttemptsMax: 1,
    });
    const failing = settled.flatMap((one) => (one.kind === 'failing' ? [one.cause] : []));
    for (const cause of failing) this.trouble(`${names[phase]}: ${cause}`);
    await this.alarm(names[phase], phase, commands, settled);
    return settled.filter(({ kind }) => kind === 'done').length;
  }

  /** What can never be done, unless its order was decided otherwise since we asked. */
  private async alarm(
    step: string,
    phase: Phase,
    commands: { orderId: string }[],
    settled: Settled[],
  ): Promise<void> {
    const broken = commands.flatMap(({ orderId }, i) => {
      const outcome = settled[i];
      return outcome?.kind === 'broken' ? [{ orderId, step, code: outcome.code }] : [];
    });
    if (broken.length === 0) return;
    const now = await this.ask(broken);
    const wanted = phase === 'confirm' ? 'COMPLETE' : 'CANCEL';
    const wrong = broken.filter((_, i) => now[i] === wanted);
    if (wrong.length === 0) return;
    this.trouble(`${step} is broken`);
    await orderSteps(this.input.timing).holdOrders(wrong);
  }

  private trouble(what: string): void {
    log.warn('A sweep could not end reservations', { what });
    this.troubles.add(what);
  }
}

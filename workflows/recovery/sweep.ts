import { continueAsNew, log } from '@temporalio/workflow';
import { counted } from '../../contracts/labels';
import type { RegisteredParticipant } from '../../contracts/participants';
import type { Keyed } from '../../contracts/participants/definition';
import type { StandingDecision } from '../../contracts/steps';
import type { SweepInput, SweepResult } from '../../contracts/workflows';
import { showTroubled } from '../ui/attributes';
import { showDetails } from '../ui/details';
import { GrowingTable, quoted, runbookLink } from '../ui/markdown';
import { agedOf, orderStepsWithDeadline, orderStepsOnce, secondPhaseOf } from '../shared/steps';
import { failureMessage } from '../shared/reasons';
import { causeOf, settle, type Phase, type Settled } from '../shared/reservations';
import { positionOf, positionsOf } from './positions';
import { isLongEnough, noteEnd, togetherOrAlone } from './run';
import { zip } from '../shared/zip';

/** An order's decision, or that the order service did not answer. */
type Standing = StandingDecision | 'silent';

/** Why a reservation is left alone. */
const whyHeld: Partial<Record<Standing, string>> = {
  undecided: 'undecided: adoption decides',
  unknown: 'the order does not exist',
  silent: 'the order service does not answer',
};

/**
 * The participants' sweep: each asks the order service about reservations older than its limit.
 * CANCEL → it cancels; COMPLETE → it confirms; undecided → it holds, because adoption decides; no
 * such order → it holds, with an alert; no answer → it holds, and its run shows that, because
 * alerts are in the database that is down. The sweep decides nothing, so it may run together with
 * any other confirmation or cancellation of the same order.
 */
export async function sweepReservations(input: SweepInput): Promise<SweepResult> {
  const sweep = new Sweep(input);
  const after = await positionsOf((participant) => sweep.through(participant));
  const result = sweep.end();
  await noteEnd('sweep', input);
  if (after) {
    await continueAsNew<typeof sweepReservations>({ ...input, from: { after, result } });
  }
  return result;
}

class Sweep {
  private readonly result: SweepResult;
  private readonly order;
  /** For what must not wait for a row that somebody holds. */
  private readonly once;
  private readonly troubles = new Set<string>();
  private readonly held = new GrowingTable(['order', 'reservation', 'why it is held']);

  constructor(private readonly input: SweepInput) {
    this.result = input.from?.result ?? { confirmed: 0, cancelled: 0, held: 0 };
    this.order = orderStepsWithDeadline(input);
    this.once = orderStepsOnce(input);
    showDetails(() => this.details());
  }

  /** Answers where the next run continues; null if no more reservations are old. */
  async through(participant: RegisteredParticipant): Promise<string | null> {
    const { olderThanMs, limit, from, timing } = this.input;
    let afterOrder = positionOf(participant, from?.after);
    try {
      while (afterOrder !== null && !isLongEnough()) {
        const aged = await agedOf(participant, { timing })({ olderThanMs, afterOrder, limit });
        if (aged.length > 0) await this.settleAll(participant, aged);
        afterOrder = aged.length < limit ? null : (aged.at(-1)?.orderId ?? null);
      }
      return afterOrder;
    } catch (error) {
      // The participant itself is down: its reservations wait for the next run.
      this.trouble(
        `the reservations of ${participant.label} cannot be listed: ${failureMessage(error)}`,
      );
      return null;
    }
  }

  end(): SweepResult {
    if (this.troubles.size > 0) showTroubled();
    return this.result;
  }

  private async settleAll(participant: RegisteredParticipant, aged: Keyed[]) {
    const standings = await this.ask(aged);
    const decided = (wanted: StandingDecision) =>
      standings.flatMap(([one, standing]) => (standing === wanted ? [one] : []));
    for (const [one, standing] of standings) {
      const why = whyHeld[standing];
      if (why !== undefined) this.hold(participant, one, why);
    }
    await this.tellOf(decided('unknown'));
    // Read only now, because the other participant's sweep counts concurrently.
    const cancelled = await this.settlePhase(participant, 'cancel', decided('CANCEL'));
    this.result.cancelled += cancelled;
    const confirmed = await this.settlePhase(participant, 'confirm', decided('COMPLETE'));
    this.result.confirmed += confirmed;
  }

  /** The order service's answers, or `silent` if it does not answer. */
  private async ask<C extends Keyed>(aged: C[]): Promise<[C, Standing][]> {
    try {
      return zip(aged, await this.order.readDecisions(aged.map(({ orderId }) => orderId)));
    } catch (error) {
      this.trouble(`the order service does not answer: ${failureMessage(error)}`);
      return aged.map((one) => [one, 'silent']);
    }
  }

  /** No order will ever end these reservations, so an alert is raised. */
  private async tellOf(unknown: Keyed[]): Promise<void> {
    if (unknown.length === 0) return;
    this.trouble('reservations whose order does not exist');
    const detail = 'a reservation exists for an unknown order';
    await this.keepAlerts(unknown, (some) =>
      this.once.alertOrders(
        some.map(({ orderId }) => ({ orderId, kind: 'reservation-held', detail })),
      ),
    );
  }

  /** Alerts need the order service too. Without it the run continues, and shows that. */
  private async keepAlerts<T>(items: T[], work: (some: T[]) => Promise<unknown>): Promise<void> {
    for (const { why } of await togetherOrAlone(items, work)) {
      this.trouble(`the alerts could not be written: ${why}`);
    }
  }

  /** @returns for how many orders it was done */
  private async settlePhase(
    participant: RegisteredParticipant,
    phase: Phase,
    commands: Keyed[],
  ): Promise<number> {
    const { timing } = this.input;
    const step = participant.steps.tcc[phase];
    const run = secondPhaseOf(participant, phase, { timing });
    const settled = await settle(run, commands, { ...timing, confirmAttemptsMax: 1 }, 'wait');
    const answers = zip(commands, settled);
    for (const [command, outcome] of answers) {
      const cause = causeOf(outcome);
      if (cause !== undefined) {
        this.trouble(`${step}: ${cause}`);
        this.hold(participant, command, `${step}: ${cause}`);
      }
      if (outcome.kind === 'broken') {
        this.hold(participant, command, `${step}: ${outcome.code}`);
      }
    }
    await this.alarm(step, phase, answers);
    const done = answers.flatMap(([command, { kind }]) => (kind === 'done' ? [command] : []));
    // If a missing order is restored from a backup, only this run can resolve its alert, because no
    // later run finds its reservation. So this retries patiently, each order alone.
    const ids = done.map(({ orderId }) => orderId);
    await this.keepAlerts(ids, (some) =>
      (some.length > 1 ? this.once : this.order).resolveHeld(some),
    );
    return done.length;
  }

  /**
   * Raises an alert for steps that can never succeed, unless the order's decision has changed
   * since.
   */
  private async alarm(step: string, phase: Phase, answers: [Keyed, Settled][]): Promise<void> {
    const broken = answers.flatMap(([{ orderId }, outcome]) =>
      outcome.kind === 'broken' ? [{ orderId, step, code: outcome.code }] : [],
    );
    if (broken.length === 0) return;
    const now = await this.ask(broken);
    const wanted = phase === 'confirm' ? 'COMPLETE' : 'CANCEL';
    const wrong = now.flatMap(([one, decision]) => (decision === wanted ? [one] : []));
    if (wrong.length === 0) return;
    this.trouble(`${step} is broken`);
    await this.keepAlerts(wrong, (some) => this.once.holdOrders(some));
  }

  private hold({ label }: RegisteredParticipant, { orderId }: Keyed, why: string): void {
    this.result.held += 1;
    this.held.add(orderId, label, quoted(why));
  }

  private trouble(what: string): void {
    log.warn('A sweep could not end reservations', { what });
    this.troubles.add(what);
  }

  /** Shows operators what is held, why, and what to do. */
  private details(): string {
    const { confirmed, cancelled, held } = this.result;
    const lines = [
      `**${counted(confirmed + cancelled + held, 'reservation')}** older than the limit: ` +
        `${confirmed} confirmed, ${cancelled} cancelled, ${held} held`,
    ];
    if (this.troubles.size > 0) {
      const link = runbookLink('reservation-held', this.input.runbooksUrl);
      const troubles = [...this.troubles].map(quoted).join('; ');
      lines.push('', `${troubles}. **What to do**: ${link}`);
    }
    return [...lines, ...this.held.lines()].join('\n');
  }
}

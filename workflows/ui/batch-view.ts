import type { Runbook } from '../../contracts/alerts';
import { typeIn, type OrderEvent } from '../../contracts/events';
import { counted } from '../../contracts/labels';
import type { PlacedOrder } from '../../contracts/order';
import { services, type Service } from '../../contracts/participants';
import { reactsName } from '../../contracts/participants/activities';
import type { Keyed } from '../../contracts/participants/definition';
import type { PlaceOrdersResult } from '../../contracts/workflows';
import { failureMessage, reasonToGiveUp } from '../shared/reasons';
import type { StepWatcher } from '../shared/steps';
import { zip } from '../shared/zip';
import { showTroubled, showWorstStatus } from './attributes';
import { showDetails } from './details';
import { quoted, runbookLink, tableOf } from './markdown';
import { orderStates, outcomesOf, taking, type OrderState } from './order-states';

/** What a step was told of an order, as far as an operator reads it: see contracts/steps.ts. */
interface Told extends Keyed {
  kind?: string;
  code?: string;
  step?: string;
  detail?: string;
  reason?: string;
  nothingTaken?: boolean;
  effectsFollow?: boolean;
}

/** What a step answered of an order: a word, or an outcome with what belongs to it. */
type Answer =
  string | { kind: string; code?: string; detail?: string; emitted?: string } | undefined;

/** A step that was asked for. */
interface Asked {
  step: string;
  /** As it is shown; undefined for a look at one order, which is no step of its protocol. */
  label: string | undefined;
  all: readonly Told[];
}

interface Row {
  state: OrderState;
  /** Why it is cancelled, and why it is PENDING. */
  reason: string;
  trouble: string;
  /** What came of each step, in the order in which they were asked for. */
  steps: Map<string, string>;
}

/**
 * What an operator reads of a batch in the Temporal UI, without opening a payload: counts, the
 * orders that are not completed, each with its state and its steps, and what to do. The steps feed
 * it: see order-states.ts. It also sets the search attributes that change. These are commands, whose
 * place in the history is fixed: right after the answer, before the protocol goes on.
 */
export class BatchView implements StepWatcher {
  private readonly rows: Map<string, Row>;
  private readonly toRead = new Set<Runbook>();

  constructor(
    orders: readonly PlacedOrder[],
    private readonly runbooksUrl: string | undefined,
  ) {
    this.rows = new Map(
      orders.map(({ orderId }) => [
        orderId,
        { state: 'asking', reason: '', trouble: '', steps: new Map() },
      ]),
    );
    showDetails(() => this.details());
  }

  follow(step: string, args: readonly unknown[], answer: Promise<unknown>): void {
    const asked = { step, label: labelOf(step, args), all: toldIn(args) };
    for (const told of asked.all) {
      this.note(asked, told, 'asked');
      const state = outcomesOf[step]?.asked;
      // A step that is asked for again has yet to help an order that is PENDING.
      if (state && !orderStates[this.rows.get(told.orderId)?.state ?? state].isPending) {
        this.set(told, state);
      }
    }
    answer.then(this.answered.bind(this, asked), this.failed.bind(this, asked));
  }

  /** What several steps have decided together of these orders. */
  mark(orders: readonly Keyed[], state: OrderState): void {
    for (const order of orders) this.set(order, state);
  }

  /** The final text, in the workflow's last task. */
  end(): PlaceOrdersResult {
    const result = this.result();
    if (result.pending > 0) showWorstStatus('PENDING');
    else showWorstStatus(result.cancelled > 0 ? 'CANCELLED' : 'COMPLETED');
    return result;
  }

  private answered(asked: Asked, answers: unknown): void {
    const { step, all } = asked;
    let each: [Told, Answer][];
    try {
      const isEach = Array.isArray(answers);
      each = zip(
        all,
        isEach ? (answers as Answer[]) : all.map(() => (answers ?? undefined) as Answer),
      );
    } catch (error) {
      this.failed(asked, error);
      return;
    }
    for (const [told, answer] of each) {
      this.note(asked, told, answer === undefined ? undefined : wordsOf(answer));
      const state = outcomesOf[step]?.[kindOf(told, answer)];
      if (state) this.set(told, state, whyOf(step, told, answer));
    }
  }

  /** A step that takes something is given up; any other is tried again later. */
  private failed({ step, label, all }: Asked, error: unknown): void {
    const isGivenUp = taking.has(step);
    const words = `${isGivenUp ? 'given-up' : 'failed'} (${quoted(failureMessage(error))})`;
    for (const told of all) this.note({ label }, told, words);
    if (isGivenUp && reasonToGiveUp(error) === 'unavailable') this.trouble('step-failing');
  }

  /** Without words when the step has nothing to say of its orders: then their state says it. */
  private note({ label }: Pick<Asked, 'label'>, { orderId }: Told, words?: string): void {
    const steps = this.rows.get(orderId)?.steps;
    if (!steps || label === undefined) return;
    if (words === undefined) steps.delete(label);
    else steps.set(label, words);
  }

  private set({ orderId }: Keyed, state: OrderState, why?: string): void {
    const row = this.rows.get(orderId);
    if (!row) return;
    row.state = state;
    const { isPending, runbook } = orderStates[state];
    if (isPending) row.trouble = why ?? '';
    else row.reason = why ?? row.reason;
    if (runbook) this.trouble(runbook);
  }

  private trouble(runbook: Runbook): void {
    this.toRead.add(runbook);
    showTroubled();
  }

  private result(): PlaceOrdersResult {
    const states = [...this.rows.values()].map(({ state }) => state);
    const completed = states.filter((state) => state === 'completed').length;
    const cancelled = states.filter((state) => state === 'cancelled').length;
    return { completed, cancelled, pending: states.length - completed - cancelled };
  }

  private details(): string {
    const { completed, cancelled, pending } = this.result();
    // For a single order, operators want to see the steps even if it was completed.
    const shown = [...this.rows].filter(
      ([, { state }]) => state !== 'completed' || this.rows.size === 1,
    );
    // The table is limited, so ended orders come last.
    const isOpen = ([, { state }]: [string, Row]) => state !== 'cancelled';
    const sorted = [...shown.filter(isOpen), ...shown.filter((row) => !isOpen(row))];
    return [
      `**${counted(this.rows.size, 'order')}**: ${completed} completed, ${cancelled} cancelled, ` +
        `${pending} unfinished`,
      // Before the table, which may be long.
      ...this.advice(pending),
      ...tableOf(['order', 'state', 'steps'], sorted, cellsOf),
    ].join('\n');
  }

  private advice(pending: number): string[] {
    if (this.toRead.size > 0) {
      const links = [...this.toRead].map((runbook) => runbookLink(runbook, this.runbooksUrl));
      return ['', `**What to do**: ${links.join(', ')}`];
    }
    if (pending === 0) return [];
    // A retried step causes no event in the workflow, which sleeps until the step succeeds or ends.
    const link = runbookLink('step-failing', this.runbooksUrl);
    return ['', `If this lasts: the pending activities say what is retried, and why; ${link}`];
  }
}

/** What the step was told of each order: a command, an event or an id each, or one id. */
function toldIn([subject]: readonly unknown[]): Told[] {
  const all: unknown[] = Array.isArray(subject) ? subject : [subject];
  return all.map((one) => (typeof one === 'string' ? { orderId: one } : (one as Told)));
}

const reacting = new Map<string, Service>(
  services.map((service) => [reactsName(service), service]),
);

/** A delivery is named by its event and its subscriber; those that are followed carry one event. */
function labelOf(step: string, [subject]: readonly unknown[]): string | undefined {
  if (typeof subject === 'string') return undefined;
  const subscriber = reacting.get(step);
  const [event] = subscriber ? (subject as OrderEvent[]) : [];
  return event ? `${event.type} to ${String(subscriber)}` : step;
}

/** The kind of an answer, as order-states.ts names it. */
function kindOf({ kind, nothingTaken, effectsFollow }: Told, answer: Answer): string {
  if (answer === 'CANCEL' && nothingTaken) return 'CANCEL, nothing taken';
  if (answer === 'COMPLETE' && effectsFollow) return 'COMPLETE, effects follow';
  if (typeof answer === 'string') return answer;
  return answer?.kind ?? kind ?? 'done';
}

/** Why an order is in its state: the customer's reason, or what an operator is told. */
function whyOf(step: string, told: Told, answer: Answer): string | undefined {
  if (answer === 'CANCEL') return told.reason;
  if (answer === 'unknown') return `${step}, unknown-order`;
  if (typeof answer === 'string') return undefined;
  if (answer) return answer.code;
  return told.code === undefined ? told.detail : `${told.step ?? ''}, ${told.code}`;
}

function cellsOf([orderId, { state, reason, trouble, steps }]: [string, Row]): string[] {
  const { words, isPending } = orderStates[state];
  const why = quoted(isPending ? trouble : reason);
  const told = [...steps].map(([step, answer]) => `${step}: ${answer}`);
  return [orderId, why ? `${words}: ${why}` : words, told.join('; ')];
}

function wordsOf(answer: NonNullable<Answer>): string {
  if (typeof answer === 'string') return answer;
  const { kind, code, detail, emitted } = answer;
  if (emitted !== undefined) return `${kind} with ${typeIn(emitted)}`;
  const words = code === undefined ? kind : `${kind}, ${code}`;
  return detail === undefined ? words : `${words} (${quoted(detail)})`;
}

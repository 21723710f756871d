import { setCurrentDetails } from '@temporalio/workflow';
import type { Runbook } from '../../contracts/alerts';
import { counted } from '../../contracts/labels';
import type { PlacedOrder } from '../../contracts/order';
import type { Keyed } from '../../contracts/participants/definition';
import type { PlaceOrdersResult } from '../../contracts/workflows';
import { showTroubled, showWorstStatus } from './attributes';
import { quoted, runbookLink, tableOf } from './markdown';
import type { Answered } from '../shared/answered';
import { zip } from '../shared/zip';

/** The state of an order in its workflow. */
type Standing =
  | 'asking'
  | 'held-up'
  | 'giving-back'
  | 'confirming'
  | 'delivering'
  | 'completed'
  | 'cancelled'
  | 'owed'
  | 'unconfirmed'
  | 'uncancelled'
  | 'broken'
  | 'committing'
  | 'rolling-back'
  | 'in-doubt'
  | 'heuristic'
  | 'parked';

/** A standing with a runbook means trouble; the runbook says what to do. */
const standings: Record<Standing, { words: string; runbook?: Runbook }> = {
  asking: { words: 'the participants are asked' },
  'held-up': {
    words: 'somebody holds its rows; it is asked again alone',
    runbook: 'step-failing',
  },
  'giving-back': { words: 'CANCEL; what was taken is given back' },
  confirming: { words: 'COMPLETE; what is reserved is confirmed' },
  completed: { words: 'completed' },
  cancelled: { words: 'cancelled' },
  owed: {
    words: 'PENDING: a compensation is in the registry, which goes on trying',
    runbook: 'compensation-failing',
  },
  unconfirmed: {
    words: 'PENDING: a confirmation keeps failing; a schedule goes on trying',
    runbook: 'confirmation-failing',
  },
  uncancelled: {
    words: 'PENDING: a cancellation keeps failing; adoption goes on trying',
    runbook: 'cancellation-failing',
  },
  broken: { words: 'PENDING: a step is broken', runbook: 'broken-step' },
  committing: { words: 'COMPLETE; its branches are committed' },
  'rolling-back': { words: 'CANCEL; its branches are rolled back' },
  'in-doubt': {
    words: 'PENDING: a branch cannot be ended; it is retried indefinitely',
    runbook: 'branch-in-doubt',
  },
  heuristic: {
    words: 'PENDING: a branch was ended by hand, against the decision',
    runbook: 'heuristic-outcome',
  },
  delivering: { words: 'events that were lost are delivered again' },
  parked: { words: 'PENDING: an event is parked', runbook: 'event-parked' },
};

/** The answer of a participant, or of the order's row, to a step. */
interface Answer {
  kind: string;
  code?: string;
  /** Why it was abandoned or failed: the order's reason, and the error's own text. */
  reason?: string;
  cause?: string;
}

interface Row {
  standing: Standing;
  why: string;
  /** The outcome of each step, in the order of the requests. */
  steps: Map<string, string>;
}

/** Standings in which a step may be retried without the workflow's knowledge. */
const underway: Standing[] = [
  'asking',
  'giving-back',
  'confirming',
  'committing',
  'rolling-back',
  'delivering',
];

/**
 * The text that operators read about a batch in the Temporal UI: counts, the orders that are not
 * completed, each with its state and steps, and what to do. It also updates the search attributes.
 */
export class BatchView {
  private readonly rows: Map<string, Row>;
  private readonly toRead = new Set<Runbook>();

  constructor(
    orders: readonly PlacedOrder[],
    private readonly runbooksUrl: string | undefined,
  ) {
    this.rows = new Map(
      orders.map(({ orderId }) => [orderId, { standing: 'asking', why: '', steps: new Map() }]),
    );
  }

  /** @param why an additional text, such as the reason of a cancellation */
  mark(orders: readonly { order: Keyed; why?: string | undefined }[], standing: Standing): void {
    if (orders.length === 0) return;
    for (const { order, why } of orders) {
      const row = this.rowOf(order);
      if (row) Object.assign(row, { standing, why: why ?? row.why });
    }
    const { runbook } = standings[standing];
    if (runbook) this.trouble(runbook);
    this.show();
  }

  /** A step was requested for these orders. */
  asked(step: string, orders: readonly PlacedOrder[]): void {
    this.note(
      step,
      orders.map((order) => [order, 'asked']),
    );
  }

  /** The outcomes of a step for these orders. */
  answered(step: string, orders: readonly PlacedOrder[], answers: readonly Answer[]): void {
    this.note(
      step,
      zip(orders, answers).map(([order, answer]) => [order, wordsOf(answer)]),
    );
    if (answers.some(({ reason }) => reason === 'unavailable')) this.trouble('step-failing');
  }

  /** The outcomes of each participant's step for these orders. */
  answeredAll(orders: readonly Answered<Answer>[]): void {
    for (const { order, parts } of orders) {
      for (const { step, answer } of parts) this.rowOf(order)?.steps.set(step, wordsOf(answer));
    }
    if (orders.length > 0) this.show();
  }

  /** The final text, in the workflow's last task. */
  end(): PlaceOrdersResult {
    this.show();
    const result = this.result();
    if (result.pending > 0) showWorstStatus('PENDING');
    else showWorstStatus(result.cancelled > 0 ? 'CANCELLED' : 'COMPLETED');
    return result;
  }

  private rowOf({ orderId }: Keyed): Row | undefined {
    return this.rows.get(orderId);
  }

  private note(step: string, notes: [PlacedOrder, words: string][]): void {
    if (notes.length === 0) return;
    for (const [order, words] of notes) this.rowOf(order)?.steps.set(step, words);
    this.show();
  }

  private trouble(runbook: Runbook): void {
    this.toRead.add(runbook);
    showTroubled();
  }

  private result(): PlaceOrdersResult {
    const completed = this.count('completed');
    const cancelled = this.count('cancelled');
    return { completed, cancelled, pending: this.rows.size - completed - cancelled };
  }

  private show(): void {
    const { completed, cancelled, pending } = this.result();
    const counts = `${completed} completed, ${cancelled} cancelled, ${pending} neither`;
    // For a single order, operators want to see the steps even if it was completed.
    const shown = [...this.rows].filter(
      ([, { standing }]) => standing !== 'completed' || this.rows.size === 1,
    );
    // The table is limited, so ended orders come last.
    const isOpen = ([, { standing }]: [string, Row]) => standing !== 'cancelled';
    const sorted = [...shown.filter(isOpen), ...shown.filter((row) => !isOpen(row))];
    const heads = ['order', 'where it stands', 'its steps'];
    setCurrentDetails(
      [
        `**${counted(this.rows.size, 'order')}**: ${counts}`,
        // Placed before the table, which may be long.
        ...this.advice(shown),
        ...tableOf(heads, sorted, cellsOf),
      ].join('\n'),
    );
  }

  private advice(shown: [string, Row][]): string[] {
    if (this.toRead.size > 0) {
      const links = [...this.toRead].map((runbook) => runbookLink(runbook, this.runbooksUrl));
      return ['', `**What to do**: ${links.join(', ')}`];
    }
    if (!shown.some(([, { standing }]) => underway.includes(standing))) return [];
    // A retried step causes no event in the workflow, which sleeps until the step succeeds or ends.
    const link = runbookLink('step-failing', this.runbooksUrl);
    return ['', `If this lasts: the pending activities say what is retried, and why; ${link}`];
  }

  private count(wanted: Standing): number {
    return [...this.rows.values()].filter(({ standing }) => standing === wanted).length;
  }
}

function cellsOf([orderId, { standing, why, steps }]: [string, Row]): string[] {
  const told = [...steps].map(([step, answer]) => `${step}: ${answer}`);
  return [orderId, standings[standing].words + (why ? `: ${why}` : ''), told.join('; ')];
}

function wordsOf({ kind, code, cause }: Answer): string {
  if (cause !== undefined) return `${kind} (${quoted(cause)})`;
  return code === undefined ? kind : `${kind}, ${code}`;
}

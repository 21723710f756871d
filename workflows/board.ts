import { setCurrentDetails } from '@temporalio/workflow';
import { alertKinds } from '../contracts/alerts';
import type { PlacedOrder } from '../contracts/order';
import type { PlaceOrdersResult } from '../contracts/workflows';

/** Where an order stands in its workflow. */
type Standing =
  'asking' | 'held-up' | 'giving-back' | 'completed' | 'cancelled' | 'owed' | 'broken';

const words: Record<Standing, string> = {
  asking: 'the participants are asked',
  'held-up': 'somebody holds its rows; it is asked again alone',
  'giving-back': 'CANCEL; what was taken is given back',
  completed: 'completed',
  cancelled: 'cancelled',
  owed: `pending: a compensation is in the registry (${alertKinds['compensation-failing']})`,
  broken: `pending: a step is broken (${alertKinds['broken-step']})`,
};

const ordersShownMax = 50;

/**
 * What an operator reads of a batch in the Temporal UI, without opening a payload: counts, and
 * the orders that are not completed, each with where it stands.
 */
export class Board {
  private readonly standings: Map<string, { standing: Standing; why: string }>;

  constructor(orders: readonly PlacedOrder[]) {
    this.standings = new Map(
      orders.map(({ orderId }) => [orderId, { standing: 'asking', why: '' }]),
    );
    this.show();
  }

  /** @param why said beside it, such as the reason of a cancellation */
  mark(
    orders: readonly { order: PlacedOrder; why?: string | undefined }[],
    standing: Standing,
  ): void {
    if (orders.length === 0) return;
    for (const { order, why } of orders) {
      const before = this.standings.get(order.orderId)?.why ?? '';
      this.standings.set(order.orderId, { standing, why: why ?? before });
    }
    this.show();
  }

  result(): PlaceOrdersResult {
    const completed = this.count('completed');
    const cancelled = this.count('cancelled');
    return { completed, cancelled, pending: this.standings.size - completed - cancelled };
  }

  private show(): void {
    const open = [...this.standings].filter(([, { standing }]) => standing !== 'completed');
    const rows = open.slice(0, ordersShownMax).map(([orderId, { standing, why }]) => {
      return `| ${orderId} | ${words[standing]}${why ? `: ${why}` : ''} |`;
    });
    const { completed, cancelled, pending } = this.result();
    const lines = [
      `**${this.standings.size} orders**: ${completed} completed, ${cancelled} cancelled, ` +
        `${pending} neither`,
    ];
    if (rows.length > 0) lines.push('', '| order | where it stands |', '| --- | --- |', ...rows);
    if (open.length > rows.length) lines.push('', `… and ${open.length - rows.length} more`);
    setCurrentDetails(lines.join('\n'));
  }

  private count(wanted: Standing): number {
    return [...this.standings.values()].filter(({ standing }) => standing === wanted).length;
  }
}

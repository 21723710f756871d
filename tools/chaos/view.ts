import type { Answer, ApiClient } from '../load/api-client';
import type { LoadOrder } from '../load/order-file';

/**
 * What a caller knows of one call. `ok`: it was done, as the answer says. `failed`: a definite
 * refusal, which had no effect. `unknown`: no answer, or one that leaves it open.
 */
export type CallResult = 'ok' | 'failed' | 'unknown';
export type Operation = 'create' | 'place' | 'cancel' | 'look';

export interface SeenCall {
  op: Operation;
  /** Milliseconds since 1970, by the clock that the databases on this machine have too. */
  invokedMs: number;
  endedMs: number;
  result: CallResult;
  /** Absent where none arrived. */
  answer?: Answer;
}

/** All calls about what one customer asked for under one idempotency key. */
export interface Story {
  key: string;
  order: LoadOrder;
  /** In the order in which they ended. */
  calls: SeenCall[];
}

/** Statuses with which an operation is said to be done, or to be on its way. */
const okStatuses: Record<Operation, readonly number[]> = {
  create: [201],
  place: [200, 202],
  cancel: [200, 202],
  look: [200],
};
/** The 5xx that promise that nothing was done. */
const refusals: ReadonlySet<string | undefined> = new Set(['overloaded', 'unavailable']);

/** How a caller must take an answer, or its absence. */
export function resultOf(op: Operation, answer: Answer | undefined): CallResult {
  if (!answer || answer.problem === 'outcome-unknown') return 'unknown';
  if (okStatuses[op].includes(answer.status)) return 'ok';
  return answer.status < 500 || refusals.has(answer.problem) ? 'failed' : 'unknown';
}

/** Keeps what the callers of a run see. */
export class CallersView {
  private readonly byKey = new Map<string, Story>();
  /** Under which key a caller has got the order; its later calls name the order alone. */
  private readonly byOrderId = new Map<string, Story>();
  /** How many calls had each result. */
  readonly counts: Record<CallResult, number> = { ok: 0, failed: 0, unknown: 0 };

  get stories(): Story[] {
    return [...this.byKey.values()];
  }

  /** The client, with every call of it kept. */
  watch(client: ApiClient): ApiClient {
    return {
      ...client,
      create: async (order, key) => {
        const story = this.byKey.get(key) ?? { key, order, calls: [] };
        this.byKey.set(key, story);
        const answer = await this.see(story, 'create', () => client.create(order, key));
        if (answer.orderId !== undefined) this.byOrderId.set(answer.orderId, story);
        return answer;
      },
      place: (order, orderId, pattern) =>
        this.seeOrder(orderId, 'place', () => client.place(order, orderId, pattern)),
      cancel: (order, orderId) =>
        this.seeOrder(orderId, 'cancel', () => client.cancel(order, orderId)),
      look: (order, location) =>
        this.seeOrder(location.split('/').at(-1) ?? '', 'look', () => client.look(order, location)),
    };
  }

  private seeOrder(orderId: string, op: Operation, call: () => Promise<Answer>): Promise<Answer> {
    const story = this.byOrderId.get(orderId);
    if (!story) return Promise.reject(new Error(`No caller was told of the order ${orderId}`));
    return this.see(story, op, call);
  }

  private async see(story: Story, op: Operation, call: () => Promise<Answer>): Promise<Answer> {
    const invokedMs = Date.now();
    const keep = (answer?: Answer) => {
      const result = resultOf(op, answer);
      this.counts[result] += 1;
      const seen = { op, invokedMs, endedMs: Date.now(), result };
      story.calls.push(answer ? { ...seen, answer } : seen);
    };
    try {
      const answer = await call();
      keep(answer);
      return answer;
    } catch (error) {
      keep();
      throw error;
    }
  }
}

import type { Claims } from '../../activities/order/intake';
import type { StartedWorkflow } from '../../api/placing/send-batch';
import { Dispatcher, type DispatcherOptions } from '../../api/placing/dispatcher';
import { defaultTiming } from '../../contracts/limits';
import type { PlacedOrder } from '../../contracts/order';
import type { PlaceOrdersInput } from '../../contracts/workflows';
import { Problem } from '../../api/http/problems';
import { TemporalPresence } from '../../api/placing/temporal-presence';
import { capturingLogger } from './harness';

/** The order database and Temporal, as the dispatcher sees them. */
export class DispatcherWorld {
  readonly claims: { ids: string[]; owner: string }[] = [];
  readonly starts: { workflowId: string; ids: string[]; close: () => void }[] = [];
  readonly log: string[] = [];
  progress = 0;
  /** Orders that another process owns. */
  readonly others = new Set<string>();
  readonly locked = new Set<string>();
  claimError: Error | undefined;
  startFailures = 0;
  startError: Error | undefined;
  holdClaims: Promise<void> = Promise.resolve();

  readonly claim = async (ids: readonly string[], owner: string): Promise<Claims> => {
    this.claims.push({ ids: [...ids], owner });
    await this.holdClaims;
    if (this.claimError) throw this.claimError;
    const free = ids.filter((id) => !this.others.has(id) && !this.locked.has(id));
    return {
      claimed: free.map((orderId) => ({ orderId }) as PlacedOrder),
      locked: ids.filter((id) => this.locked.has(id)),
    };
  };

  readonly start = (workflowId: string, input: PlaceOrdersInput): Promise<StartedWorkflow> => {
    let close: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => {
      close = resolve;
    });
    this.starts.push({ workflowId, ids: input.orders.map(({ orderId }) => orderId), close });
    if (this.startError) return Promise.reject(this.startError);
    if (this.startFailures-- > 0) return Promise.reject(new Error('Temporal is away'));
    return Promise.resolve({ closed });
  };

  /** Ends a workflow; its start is part of the claim. */
  close(index: number): void {
    const started = this.starts[index];
    if (!started) throw new Error(`Only ${String(this.starts.length)} workflows were started`);
    started.close();
  }

  /** Its probes succeed unless a test changes that. */
  probe: () => Promise<void> = () => Promise.resolve();
  readonly temporal = new TemporalPresence(() => this.probe(), capturingLogger(this.log), {
    awayAfterMs: 200,
    probeEveryMs: 50,
  });

  dispatcher(options: Partial<DispatcherOptions> = {}): Dispatcher {
    return new Dispatcher(
      {
        pattern: 'saga',
        claimOrders: this.claim,
        start: this.start,
        whenOneHasEnded: () => Promise.resolve(),
        temporal: this.temporal,
        timing: defaultTiming,
        onProgress: () => this.progress++,
        logger: capturingLogger(this.log),
      },
      { startRetryMs: 1, ...options },
    );
  }
}

/** Runs everything that waits only for its turn. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Returns the code of the thrown problem. */
export function codeThrownBy(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}

/** Places `o-1` to `o-<count>`. */
export function placeMany(dispatcher: Dispatcher, count: number, lineCount = 1) {
  return Array.from({ length: count }, (_, i) =>
    dispatcher.place({ orderId: `o-${String(i + 1)}`, lineCount }),
  );
}

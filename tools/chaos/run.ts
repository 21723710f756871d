import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pattern } from '../../contracts/order';
import type { ApiClient, CuttableClient } from '../load/api-client';
import { defaultPatience } from '../load/caller';
import type { LoadOrder } from '../load/order-file';
import type { Summary } from '../load/outcomes';
import { runLoad } from '../load/run';
import { readLiveState, type RunningStack } from '../stack/state';
import { checkView, type Checked } from './check';
import { comeBack, paced, withCancels } from './customers';
import { Faults } from './faults';
import { FinalReader } from './final';
import { untilEnded, untilHealed } from './heal';
import { describeFault, faultKinds, planFaults, type Fault } from './plan';
import { targetsOf } from './targets';
import { CallersView, type CallResult } from './view';

export interface ChaosOptions {
  stack: RunningStack;
  /** The folder in which the stack runs. */
  localFolder: string;
  client: CuttableClient;
  orders: Iterable<LoadOrder> | AsyncIterable<LoadOrder>;
  /** How many those are. */
  total: number;
  callers: number;
  pattern: string | undefined;
  /** What its orders are placed by: processes that none of these needs are left alone. */
  placedBy: readonly Pattern[];
  seed: number;
  /** Over which orders, and faults, are spread. */
  seconds: number;
  /** In front of every idempotency key: tells the run's orders from all others. */
  keyPrefix: string;
  signal: AbortSignal;
  /** Told the plan, each fault as it fires, and how far the orders are. */
  say: (line: string) => void;
}

/** What a run with faults has come to. */
export interface ChaosReport extends Checked {
  seed: number;
  seconds: number;
  faults: {
    planned: number;
    /** By kind. */
    fired: Record<Fault['kind'], number>;
    /** What should have been done, and why it was not. */
    failed: string[];
  };
  /** Orders that were through with their callers when the last fault was over. */
  doneDuringFaults: number;
  /** From the last fault's end until everything was ready again. */
  healMs: number;
  calls: Record<CallResult, number>;
  load: Summary;
  /** Orders whose callers gave up during the faults, and asked again once the stack was ready. */
  cameBack: number;
  /** Stopped by its user before its time. */
  interrupted: boolean;
}

/** Every accepted order must end so soon after everything has healed. */
export const endMsMax = 60_000;
const sayEveryMs = 5_000;

/**
 * Places orders while the faults of a seed hit the stack, waits until it has healed and all orders
 * have ended, and holds what callers were told against what the databases have.
 *
 * @throws Error when the stack does not heal, or its databases cannot be read then
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { stack, localFolder, client, seed, seconds, signal } = options;
  const processes = readLiveState(localFolder)?.processes.map(({ name }) => name) ?? [];
  const plan = planFaults(seed, seconds * 1_000, targetsOf(processes, options.placedBy));
  sayPlan(options, plan);
  const { databases } = stack;
  const cutCallers = () => {
    client.cut();
  };
  const faults = new Faults({ localFolder, databases, processes, cutCallers });
  // However this process ends, nothing may stay frozen behind it.
  const thaw = () => {
    faults.thawAll();
  };
  process.on('exit', thaw);
  const view = new CallersView();
  const reader = new FinalReader(stack, options.keyPrefix);
  try {
    const progress = { done: 0 };
    const watched = view.watch(client);
    const loading = placeAll(options, watched, progress);
    // It is awaited below; until then its failure is no unhandled one.
    loading.catch(() => undefined);
    const fired = await fireAll(plan, faults, options);
    const brokenUntilMs = Date.now();
    const doneDuringFaults = progress.done;
    await untilHealed(localFolder, stack.apiUrl);
    const healedMs = Date.now();
    options.say(`everything is ready again; orders end`);
    const load = await loading;
    const cameBack = await comeBack(view.stories, watched, {
      ...options,
      patience: defaultPatience,
    });
    await untilEnded(reader, Math.max(healedMs, Date.now()) + endMsMax);
    const checked = checkView(view.stories, await reader.read(), { healedMs, endMsMax });
    const healMs = healedMs - brokenUntilMs;
    const interrupted = signal.aborted;
    const during = { faults: fired, doneDuringFaults, healMs, calls: view.counts, load };
    return { ...checked, seed, seconds, ...during, cameBack, interrupted };
  } finally {
    process.off('exit', thaw);
    faults.thawAll();
    await reader.close();
  }
}

function sayPlan({ seed, seconds, total, callers, say }: ChaosOptions, plan: Fault[]): void {
  say(
    `Chaos ${String(seed)}: ${String(plan.length)} faults in ${String(seconds)} s, ` +
      `while ${String(callers)} callers place ${String(total)} orders. Planned:`,
  );
  for (const fault of plan) say(`${atSecond(fault.atMs)}  ${describeFault(fault)}`);
  say('What happens:');
}

async function placeAll(
  options: ChaosOptions,
  client: ApiClient,
  progress: { done: number },
): Promise<Summary> {
  const { total, seconds, seed, callers, pattern, keyPrefix, signal, say } = options;
  const startedAt = performance.now();
  const sayProgress = () => {
    const time = atSecond(performance.now() - startedAt);
    say(`${time}  ${String(progress.done)} of ${String(total)} orders`);
  };
  const timer = setInterval(sayProgress, sayEveryMs);
  try {
    const summary = await runLoad({
      client,
      orders: paced(withCancels(options.orders, seed), (seconds * 1_000) / total),
      callers,
      pattern,
      keyPrefix,
      patience: defaultPatience,
      signal,
      onProgress: (count) => (progress.done = count),
    });
    sayProgress();
    return summary;
  } finally {
    clearInterval(timer);
  }
}

/** Lets every fault happen at its time; resolves once the last one is over. */
async function fireAll(
  plan: readonly Fault[],
  faults: Faults,
  { signal, say }: ChaosOptions,
): Promise<ChaosReport['faults']> {
  const fired = Object.fromEntries(
    faultKinds.map((kind) => [kind, 0]),
  ) as ChaosReport['faults']['fired'];
  const failed: string[] = [];
  const startedAt = performance.now();
  // Each fault that is to come waits for it.
  setMaxListeners(plan.length + 1, signal);
  const fireOne = async (fault: Fault) => {
    await sleep(fault.atMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const tell = (what: string) => {
      say(`${atSecond(performance.now() - startedAt)}  ${describeFault(fault)}: ${what}`);
    };
    try {
      await faults.fire(fault, signal, (what) => {
        fired[fault.kind] += 1;
        tell(what);
      });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      failed.push(`${describeFault(fault)}: ${why}`);
      tell(`NOT DONE: ${why}`);
    }
  };
  await Promise.all(plan.map(fireOne));
  return { planned: plan.length, fired, failed };
}

function atSecond(ms: number): string {
  return `${(ms / 1_000).toFixed(1).padStart(7)} s`;
}

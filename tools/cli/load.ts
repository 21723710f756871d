import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exitCodeOf, type AuditReport } from '../../audit/audit';
import { toJson } from '../../audit/report';
import { apiClient } from '../load/api-client';
import { auditStack } from '../load/audit-stack';
import { defaultPatience } from '../load/caller';
import { leftoversText, readLeftovers } from '../chaos/leftovers';
import { chaosSucceeded, chaosText } from '../chaos/report-text';
import { runChaos, type ChaosOptions, type ChaosReport } from '../chaos/run';
import { generateOrders } from '../load/generator';
import { mixed, mixPatterns, patternsOf } from '../load/mix';
import { loadDefaults, loadOptions, type LoadCommandOptions } from '../load/options';
import { countOrderFile, firstOf, readOrderFile, toLine, type LoadOrder } from '../load/order-file';
import { callsSucceeded, type Summary } from '../load/outcomes';
import { withProgress } from '../load/progress';
import { runLoad } from '../load/run';
import { summaryText } from '../load/summary-text';
import { runScript, say } from '../stack/entry';
import { readSettings } from '../stack/settings';
import { runningStack, type RunningStack } from '../stack/state';
import { mintToken } from '../stack/token';

/** Impatient: what is frozen for longer is asked again, and still has the first request. */
const chaosAnswerMsMax = 8_000;
const endSignals = ['SIGINT', 'SIGTERM'] as const;

async function main(): Promise<number> {
  const chosen = loadOptions();
  if (chosen.generate !== undefined) {
    await generate(chosen.generate, chosen.seed ?? loadDefaults.seed, chosen.file);
    return 0;
  }
  const stack = runningStack();
  return chosen.chaos === undefined ? calm(stack, chosen) : chaos(stack, chosen, chosen.chaos);
}

async function calm(stack: RunningStack, chosen: LoadCommandOptions): Promise<number> {
  const { callers = loadDefaults.callers.calm } = chosen;
  const summary = await load(stack, chosen, callers);
  const audit = await auditStack(stack);
  show(chosen, { callers, ...summary }, audit, () => summaryText(summary, callers, audit));
  return callsSucceeded(summary) ? exitCodeOf(audit) : 1;
}

async function chaos(
  stack: RunningStack,
  chosen: LoadCommandOptions,
  seed: number,
): Promise<number> {
  const { callers = loadDefaults.callers.chaos } = chosen;
  const report = await loadWithFaults(stack, chosen, callers, seed);
  const audit = await auditStack(stack);
  const left = await readLeftovers(stack);
  const text = () => `${chaosText(report, callers, audit)}\n${leftoversText(left)}`;
  show(chosen, { callers, ...report, left }, audit, text);
  return chaosSucceeded(report, left) ? exitCodeOf(audit) : 1;
}

function show(
  { json }: LoadCommandOptions,
  result: object,
  audit: AuditReport,
  text: () => string,
): void {
  const whole = { ...result, audit: JSON.parse(toJson(audit)) as unknown };
  process.stdout.write(`${json ? JSON.stringify(whole) : text()}\n`);
}

async function generate(count: number, seed: number, file: string | undefined): Promise<void> {
  const lines = Readable.from(toLines(generateOrders(count, seed)));
  if (file !== undefined) return pipeline(lines, createWriteStream(file));
  try {
    await pipeline(lines, process.stdout, { end: false });
  } catch (error) {
    // A reader that has seen enough, such as `head`, is no failure.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  }
}

function* toLines(orders: Iterable<LoadOrder>): Generator<string> {
  for (const order of orders) yield toLine(order);
}

async function load(
  stack: RunningStack,
  chosen: LoadCommandOptions,
  callers: number,
): Promise<Summary> {
  const { total, orders } = await ordersOf(stack, chosen, chosen.seed ?? loadDefaults.seed);
  const client = apiClient({ ...reach(stack), connections: callers });
  try {
    return await withProgress('Placing', 'orders', (update) =>
      untilInterrupted((signal) =>
        runLoad({
          client,
          orders,
          callers,
          pattern: patternsIn(stack, chosen).pattern,
          keyPrefix: `load-${randomUUID()}`,
          patience: defaultPatience,
          signal,
          onProgress: (done) => {
            update(done, total);
          },
        }),
      ),
    );
  } finally {
    await client.close();
  }
}

async function loadWithFaults(
  stack: RunningStack,
  chosen: LoadCommandOptions,
  callers: number,
  seed: number,
): Promise<ChaosReport> {
  const { total, orders } = await ordersOf(stack, chosen, chosen.seed ?? seed);
  // A caller that cancels has two calls under way at once.
  const connections = callers * 2;
  const client = apiClient({ ...reach(stack), connections, answerMsMax: chaosAnswerMsMax });
  try {
    return await untilInterrupted((signal) =>
      runChaos({
        stack,
        localFolder: readSettings().localFolder,
        client,
        orders,
        total,
        callers,
        ...patternsIn(stack, chosen),
        seed,
        seconds: chosen.seconds ?? loadDefaults.chaosSeconds(total),
        keyPrefix: `chaos-${randomUUID()}`,
        signal,
        say,
      }),
    );
  } finally {
    await client.close();
  }
}

/** The orders that are asked for, and how many. */
async function ordersOf(
  stack: RunningStack,
  { file, orders: wanted, pattern }: LoadCommandOptions,
  seed: number,
) {
  const inFile = file === undefined ? undefined : await countOrderFile(file);
  const total = Math.min(wanted ?? inFile ?? loadDefaults.orders, inFile ?? Infinity);
  const orders =
    file === undefined ? generateOrders(total, seed) : firstOf(readOrderFile(file), total);
  if (pattern !== mixed) return { total, orders };
  return { total, orders: mixPatterns(orders, patternsOf(stack), seed) };
}

/** What every order names that names none, and what orders are placed by, as far as it is said. */
function patternsIn(
  stack: RunningStack,
  { pattern }: LoadCommandOptions,
): Pick<ChaosOptions, 'pattern' | 'placedBy'> {
  if (pattern === mixed) return { pattern: undefined, placedBy: patternsOf(stack) };
  return { pattern, placedBy: pattern === undefined ? [] : [pattern] };
}

function reach(stack: RunningStack) {
  const tokenOf = (customerId: string) => mintToken(stack, { customerId });
  return { apiUrl: stack.apiUrl, tokenOf };
}

/** The first Ctrl-C ends the work and still audits; the second one ends the process. */
async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const interrupt = () => {
    stop.abort();
  };
  for (const signal of endSignals) process.once(signal, interrupt);
  try {
    return await work(stop.signal);
  } finally {
    for (const signal of endSignals) process.off(signal, interrupt);
  }
}

runScript(main);

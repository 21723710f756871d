import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodeOf } from '../audit/audit';
import { toJson } from '../audit/report';
import { patterns } from '../contracts/order';
import { apiClient } from './load/api-client';
import { auditStack } from './load/audit-stack';
import { defaultPatience } from './load/caller';
import { generateOrders } from './load/generator';
import { countOrderFile, readOrderFile, toLine, type LoadOrder } from './load/order-file';
import { callsSucceeded, type Summary } from './load/outcomes';
import { progressBar } from './load/progress';
import { runLoad } from './load/run';
import { summaryText } from './load/summary-text';
import { runScript } from './stack/entry';
import { runningStack, type RunningStack } from './stack/state';
import { mintToken } from './stack/token';

interface Options {
  orders?: number;
  callers: number;
  pattern?: string;
  file?: string;
  generate?: number;
  seed: number;
  json?: true;
}

const defaultOrders = 1_000;
const defaultCallers = 16;
const callersMax = 4_096;
const ordersMax = 10_000_000;
const seedMax = 2 ** 32 - 1;

const description = `Places orders against this clone's running stack, then audits it.

Exit code 0: every call was answered and the audit is clean. 1: not so. 2: work is still in
flight, or no stack runs. 3: the audit could not be made.`;

function options(): Options {
  return new Command('load')
    .description(description)
    .option('--orders <n>', 'how many; 1000, or all of the file', wholeFrom(1, ordersMax))
    .option('--callers <n>', 'at once', wholeFrom(1, callersMax), defaultCallers)
    .addOption(new Option('--pattern <name>', 'for orders that name none').choices(patterns))
    .option('--file <path>', 'orders to place, one JSON object a line; with --generate: to write')
    .option('--generate <n>', 'write so many orders, to stdout or --file', wholeFrom(1, ordersMax))
    .option('--seed <n>', 'of the generated orders', wholeFrom(0, seedMax), 1)
    .option('--json', 'the result as JSON on stdout')
    .parse()
    .opts<Options>();
}

function wholeFrom(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

async function main(): Promise<number> {
  const chosen = options();
  if (chosen.generate !== undefined) {
    await generate(chosen.generate, chosen.seed, chosen.file);
    return 0;
  }
  const stack = runningStack();
  const summary = await load(stack, chosen);
  const audit = await auditStack(stack);
  const { callers, json } = chosen;
  const result = { callers, ...summary, audit: JSON.parse(toJson(audit)) as unknown };
  const text = json ? JSON.stringify(result) : summaryText(summary, callers, audit);
  process.stdout.write(`${text}\n`);
  return callsSucceeded(summary) ? exitCodeOf(audit) : 1;
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

async function load(stack: RunningStack, chosen: Options): Promise<Summary> {
  const { callers, pattern, file, seed } = chosen;
  const inFile = file === undefined ? undefined : await countOrderFile(file);
  const total = Math.min(chosen.orders ?? inFile ?? defaultOrders, inFile ?? Infinity);
  const orders =
    file === undefined ? generateOrders(total, seed) : firstOf(readOrderFile(file), total);
  const client = apiClient({
    apiUrl: stack.apiUrl,
    connections: callers,
    tokenOf: (customerId) => mintToken(stack, { customerId }),
  });
  const bar = progressBar('Placing', 'orders');
  const stop = new AbortController();
  const interrupt = () => {
    stop.abort();
  };
  // The first Ctrl-C ends the load and still audits; the second one ends the process.
  process.once('SIGINT', interrupt);
  try {
    return await runLoad({
      client,
      orders,
      callers,
      pattern,
      keyPrefix: `load-${randomUUID()}`,
      patience: defaultPatience,
      signal: stop.signal,
      onProgress: (done) => {
        bar.update(done, total);
      },
    });
  } finally {
    process.off('SIGINT', interrupt);
    bar.stop();
    await client.close();
  }
}

async function* firstOf<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let taken = 0;
  for await (const item of items) {
    if (taken === count) return;
    taken += 1;
    yield item;
  }
}

runScript(main);

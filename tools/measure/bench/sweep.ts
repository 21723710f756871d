import { loadavg } from 'node:os';
import type { Load } from './loads';
import { runOneLoad } from './loads';
import type { BenchOptions } from './options';
import { scenarios } from './orders';
import { timed } from './progress';
import { measure, type Row } from './row';
import type { BenchServers } from './servers';
import { variants, type Variant } from './variants';

const callersByDefault = [1, 16, 64, 256, 1_024];
const warmUp = { loop: 'closed', callers: 64, seconds: 4, seed: 1 } as const;

export type Say = (what: string) => void;

/** Every variant under every load, round by round, a row each. */
export async function* sweep(
  servers: BenchServers,
  options: BenchOptions,
  say: Say,
): AsyncGenerator<Row> {
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const variant of options.variants ?? variants) {
      say(`round ${round}, ${variant.name}: ${variant.what}`);
      const loads = loadsOf(options, round);
      yield* measureVariant(servers, variant, loads, { round }, say);
    }
  }
}

/** Brings a variant up, warms it, measures it under each load, and takes it down. */
export async function* measureVariant(
  servers: BenchServers,
  variant: Variant,
  loads: readonly Load[],
  setting: { round: number; storedOrders?: number },
  say: Say,
): AsyncGenerator<Row> {
  const loadAverage = loadavg()[0] ?? 0;
  say(`  load average ${loadAverage.toFixed(1)}`);
  await servers.startVariant(variant);
  try {
    const { plain } = scenarios;
    if (plain) {
      const load = { ...warmUp, scenario: plain };
      await timed('Warming up', load.seconds, () => runOneLoad(servers.stack, load));
    }
    for (const load of loads) {
      yield await measure(servers, { variant, loadAverage, ...setting }, load);
    }
  } finally {
    await servers.stopVariant(variant);
  }
}

function loadsOf({ callers, rate, scenario, seconds, outstanding }: BenchOptions, round: number) {
  return scenario.flatMap((name): Load[] => {
    const kind = scenarios[name];
    if (!kind) return [];
    const common = (count: number) => ({
      scenario: kind,
      seconds,
      seed: round * 10_000 + count,
    });
    if (rate) {
      const outstandingMax = outstanding;
      return rate.map((n) => ({ loop: 'open', rate: n, outstandingMax, ...common(n) }));
    }
    return (callers ?? callersByDefault).map((n) => ({
      loop: 'closed',
      callers: n,
      ...common(n),
    }));
  });
}

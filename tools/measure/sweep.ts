import { openDatabase } from '../../activities/database/connection';
import { idlePerSecond } from './counters';
import { runOneLoad, type Load } from './loads';
import { measure, type Setting } from './measure';
import type { BenchOptions, CompareOptions } from './options';
import { scenarios } from './orders';
import { timed } from './progress';
import type { Row, WatchedRow } from './row';
import type { BenchServers } from './servers';
import { prepareListening } from './statements';
import { benched, byInstallation, compared, type Subject } from './subjects';
import { watch } from './watch';

const callersByDefault = [1, 16, 64, 256, 1_024];
/** Above the schedules' periods but one: most of what goes by the clock is seen. */
const idleSeconds = 6;

interface WarmUp {
  callers: number;
  seconds: number;
  orders?: number;
}

const busy: WarmUp = { callers: 64, seconds: 4 };
/** The idle system is looked at next: it should not have much to do still. */
const few: WarmUp = { callers: 20, seconds: 60, orders: 20 };

export type Say = (what: string) => void;

/** Every variant under every load, round by round, a row each. */
export function bench(servers: BenchServers, options: BenchOptions, say: Say): AsyncGenerator<Row> {
  const { variants = benched, rounds } = options;
  return sweep(
    servers,
    { subjects: variants, rounds, warmUp: busy },
    say,
    async function* (offered, setting) {
      for (const subject of offered) {
        for (const load of loadsOf(options, subject, setting.round)) {
          yield await measure(servers, { ...setting, subject }, load);
        }
      }
    },
  );
}

/** Every pattern in every scenario, measured and then watched, round by round. */
export async function* compare(
  servers: BenchServers,
  { only: subjects = compared, rounds, orders, callers, seconds, scenario }: CompareOptions,
  say: Say,
): AsyncGenerator<WatchedRow> {
  const reader = openDatabase({ url: servers.stack.databases.order.auditorUrl, poolMax: 1 });
  try {
    await prepareListening(servers.mysql);
    yield* sweep(
      servers,
      { subjects, rounds, warmUp: few },
      say,
      async function* (offered, setting) {
        for (const name of scenario) {
          for (const subject of offered) {
            const { pattern } = subject;
            // The same for every subject of a round: all are asked the same.
            const own = { scenario: scenarios[name], pattern, seconds, seed: setting.round };
            const load = { loop: 'closed', callers, orders, ...own } as const;
            const row = await measure(servers, { ...setting, subject }, load);
            yield await watch(servers, reader, row, load);
          }
        }
      },
    );
  } finally {
    await reader.destroy();
  }
}

/** Round by round, brings up the processes that subjects share, warms them, and takes them down. */
async function* sweep<R>(
  servers: BenchServers,
  { subjects, rounds, warmUp }: { subjects: readonly Subject[]; rounds: number; warmUp: WarmUp },
  say: Say,
  measureAll: (offered: readonly Subject[], setting: Omit<Setting, 'subject'>) => AsyncGenerator<R>,
): AsyncGenerator<R> {
  for (let round = 1; round <= rounds; round += 1) {
    for (const group of byInstallation(subjects)) {
      const [first] = group;
      if (!first) continue;
      await servers.start(first);
      try {
        const offered: Subject[] = [];
        for (const subject of group)
          if (await isOffered(servers, subject, warmUp, say)) offered.push(subject);
        const idle = await timed('Looking at the idle system', idleSeconds, () =>
          idlePerSecond(servers.mysql, idleSeconds),
        );
        yield* measureAll(offered, { round, idle });
      } finally {
        await servers.stop(first);
      }
    }
  }
}

/** Warms the subject up, where the API offers its pattern. */
async function isOffered(
  { stack }: BenchServers,
  subject: Subject,
  warmUp: WarmUp,
  say: Say,
): Promise<boolean> {
  const load = { loop: 'closed', scenario: scenarios.plain, pattern: subject.pattern } as const;
  const one = { ...load, callers: 1, orders: 1, seconds: 60, seed: 0 };
  const { failed } = await runOneLoad(stack, one, 'Warming up');
  if (failed['pattern-unavailable']) {
    say(`${subject.name} is not offered here.`);
    return false;
  }
  await runOneLoad(stack, { ...load, ...warmUp, seed: 1 }, 'Warming up');
  return true;
}

function loadsOf(
  { callers = callersByDefault, rate, scenario, seconds, outstanding }: BenchOptions,
  { pattern }: Subject,
  round: number,
): Load[] {
  return scenario.flatMap((name): Load[] => {
    const own = (n: number) => {
      return { scenario: scenarios[name], pattern, seconds, seed: round * 10_000 + n };
    };
    if (!rate) return callers.map((n) => ({ loop: 'closed', callers: n, ...own(n) }));
    return rate.map((n) => ({ loop: 'open', rate: n, outstandingMax: outstanding, ...own(n) }));
  });
}

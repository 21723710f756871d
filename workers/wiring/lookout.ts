import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Logger } from 'pino';
import { recoveries, type RecoveryAges, type RecoveryKind } from '../../contracts/recovery';
import type { Config } from './config';
import { ageSettings, agesFrom, lookNow } from './recovery-schedule';

/** The settings of a process that looks for work in its service's database. */
export const lookoutSettings = [...ageSettings, 'LOOKOUT_EVERY_MS'] as const;

export interface LookoutOptions {
  client: Client;
  logger: Pick<Logger, 'warn'>;
  /** Which kinds of recovery have work in this service. */
  findWork: (ages: RecoveryAges) => Promise<RecoveryKind[]>;
  config: Config<(typeof lookoutSettings)[number]>;
}

/**
 * Watches one service's database for work that no workflow drives, and triggers the schedule when
 * it finds some. Recovery then begins within seconds, and an idle system starts no workflow. Each
 * check costs a few index reads. Without a lookout the schedule still looks at its own interval.
 */
export class Lookout {
  private readonly closing = new AbortController();
  private readonly running: Promise<void>;
  /** How many consecutive checks have found work of each kind. */
  private streaks = new Map<RecoveryKind, number>();

  constructor(private readonly options: LookoutOptions) {
    this.running = this.run();
  }

  /** Resolves when no check is running. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { logger, config } = this.options;
    const { signal } = this.closing;
    const pause = () => sleep(config.LOOKOUT_EVERY_MS, true, { signal }).catch(() => false);
    while (await pause()) {
      try {
        await this.look();
      } catch (error) {
        // The database or Temporal does not answer; the next check comes soon.
        logger.warn({ err: error }, 'cannot look for work to recover');
      }
    }
  }

  private async look(): Promise<void> {
    const { client, findWork, config } = this.options;
    const found = await findWork(agesFrom(config));
    this.streaks = new Map(found.map((kind) => [kind, (this.streaks.get(kind) ?? 0) + 1]));
    const wanted = found.filter((kind) => isItsTurn(this.streaks.get(kind) ?? 1));
    const waiting = await Promise.all(wanted.map((kind) => isWaiting(client, kind)));
    if (waiting.some((waits) => waits)) await lookNow(client);
  }
}

/**
 * Checks less often for work that runs cannot finish, such as a reservation that waits for an
 * operator.
 */
function isItsTurn(streak: number): boolean {
  return streak <= 3 || streak % 3 === 0;
}

/** Whether no run of this kind is open; an open one would reach the work itself. */
async function isWaiting(client: Client, kind: RecoveryKind): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(recoveries[kind].workflowId).describe();
    return status.name !== 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WorkflowClient, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Knex } from 'knex';
import type { Logger } from 'pino';
import { markSent, readUnsent } from '../../activities/events/outbox';
import type { ReleaseEvent } from '../../api/routes/operator-events';
import { deliveryId, events, type OrderEvent } from '../../contracts/events';
import { helperAttributes } from '../../contracts/labels';
import type { StepTiming } from '../../contracts/limits';
import { taskQueues, workflowTypes } from '../../contracts/names';
import type { DeliverEventInput } from '../../contracts/workflows';

export interface RelayOptions {
  /** This service's database. */
  knex: Knex;
  client: WorkflowClient;
  logger: Pick<Logger, 'warn'>;
  timing: StepTiming;
  runbooksUrl?: string | undefined;
  /** Whether the namespace has the search attributes. */
  searchable: boolean;
  /** The interval of polls for events that another process wrote, or that a dead process left. */
  pollMs: number;
  /** Called between handing a batch over and marking it sent; for tests. */
  beforeMarking?: () => Promise<void>;
}

const batchMax = 50;
const startMsMax = 3_000;
const firstPauseMs = 100;
const pauseMsMax = 5_000;

/**
 * Hands this service's events over to Temporal, which delivers each to its subscribers. The relay
 * marks an event as sent once every subscriber has a delivery workflow. The workflow ids derive
 * from the event's id, so handing over twice, or by two relays at once, delivers once.
 */
export class Relay {
  private readonly closing = new AbortController();
  private woken = false;
  private wakeUp: () => void = () => undefined;
  private readonly running: Promise<void>;

  constructor(private readonly options: RelayOptions) {
    this.running = this.run();
  }

  /** Hands a new event over at once. */
  readonly wake = (): void => {
    this.woken = true;
    this.wakeUp();
  };

  /** Resolves when no hand-over is running. Remaining events are sent after the restart. */
  async close(): Promise<void> {
    this.closing.abort();
    this.wakeUp();
    await this.running;
  }

  private async run(): Promise<void> {
    let pauseMs = firstPauseMs;
    while (!this.closing.signal.aborted) {
      this.woken = false;
      try {
        const sent = await this.sendSome();
        pauseMs = firstPauseMs;
        if (sent < batchMax) await this.idle();
      } catch (error) {
        this.options.logger.warn({ err: error, pauseMs }, 'cannot hand events over to Temporal');
        await sleep(pauseMs, undefined, { signal: this.closing.signal }).catch(() => undefined);
        pauseMs = Math.min(2 * pauseMs, pauseMsMax);
      }
    }
  }

  private async sendSome(): Promise<number> {
    const { knex, beforeMarking } = this.options;
    const unsent = await readUnsent(knex, batchMax);
    const results = await Promise.allSettled(unsent.map((event) => this.handOver(event)));
    const sent = unsent.filter((_, i) => results[i]?.status === 'fulfilled');
    await beforeMarking?.();
    await markSent(
      knex,
      sent.map(({ eventId }) => eventId),
    );
    const failed = results.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
    return sent.length;
  }

  private async handOver(event: OrderEvent): Promise<void> {
    const { client, timing, runbooksUrl, searchable } = this.options;
    const subscribers = events[event.type].subscriptions.map(({ subscriber }) => subscriber);
    const links = runbooksUrl === undefined ? {} : { runbooksUrl };
    await Promise.all(
      subscribers.map((subscriber) =>
        startDelivery(client, deliveryId(event.eventId, subscriber), searchable, {
          event,
          subscriber,
          timing,
          ...links,
        }),
      ),
    );
  }

  /** Resolves at a wake or at the next poll. */
  private async idle(): Promise<void> {
    if (this.woken || this.closing.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.options.pollMs);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Lets the API deliver a parked event again, in a new delivery workflow. */
export function createReleaser(
  client: WorkflowClient,
  timing: StepTiming,
  runbooksUrl: string | undefined,
): ReleaseEvent {
  return async (event, subscriber, release) => {
    const id = deliveryId(event.eventId, subscriber, `release-${randomUUID()}`);
    const links = runbooksUrl === undefined ? {} : { runbooksUrl };
    const input = { event, subscriber, timing, release, ...links };
    await startDelivery(client, id, true, input).catch(() =>
      // If the namespace lacks the search attributes, the delivery starts without them.
      startDelivery(client, id, false, input),
    );
  };
}

/** Starts a delivery, once per id. One that exists already counts as started. */
async function startDelivery(
  client: WorkflowClient,
  workflowId: string,
  searchable: boolean,
  input: DeliverEventInput,
): Promise<void> {
  const { event, subscriber } = input;
  try {
    await client.withDeadline(Date.now() + startMsMax, () =>
      client.start<(delivery: DeliverEventInput) => Promise<unknown>>(workflowTypes.deliverEvent, {
        workflowId,
        taskQueue: taskQueues.workflow,
        args: [input],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        staticSummary: `choreography: ${event.type} of order ${event.orderId} to ${subscriber}`,
        ...(searchable && { typedSearchAttributes: helperAttributes('choreography') }),
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WorkflowClient, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Knex } from 'knex';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import {
  markSent,
  nameDelivery,
  readDelivery,
  readUnsent,
  type Unsent,
} from '../../activities/events/outbox';
import type { ReleaseEvent } from '../../api/routes/operator-events';
import {
  deliveryId,
  events as protocol,
  sharedDelivery,
  type DeliveryMemo,
  type OrderEvent,
} from '../../contracts/events';
import { counted, helperAttributes } from '../../contracts/labels';
import { batchLimits, type StepTiming } from '../../contracts/limits';
import { taskQueues, workflowTypes } from '../../contracts/names';
import type { Service } from '../../contracts/participants';
import type { DeliverEventsInput } from '../../contracts/workflows';

export interface RelayOptions {
  /** This service's database. */
  knex: Knex;
  client: WorkflowClient;
  logger: Pick<Logger, 'warn'>;
  timing: StepTiming;
  runbooksUrl?: string | undefined;
  /** Whether the namespace has the search attributes. */
  searchable: boolean;
  /** Events that may share a delivery. */
  eventsMax: number;
  /** The interval of polls for events that another process wrote, or that a dead process left. */
  pollMs: number;
  /** Called between handing a batch over and marking it sent; for tests. */
  beforeMarking?: () => Promise<void>;
}

const startMsMax = 3_000;
const readMax = batchLimits.ordersMax;
const firstPauseMs = 100;
const pauseMsMax = 5_000;

/**
 * Hands this service's events over to Temporal, which delivers them to their subscribers. Events
 * that are unsent together share a delivery. The relay writes its name on their rows first, and
 * marks them as sent once every subscriber has a workflow for it. The workflow ids derive from that
 * name, so handing over twice, or by two relays at once, delivers once.
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
        const areMore = await this.sendSome();
        pauseMs = firstPauseMs;
        if (!areMore) await this.idle();
      } catch (error) {
        this.options.logger.warn({ err: error, pauseMs }, 'cannot hand events over to Temporal');
        await sleep(pauseMs, undefined, { signal: this.closing.signal }).catch(() => undefined);
        pauseMs = Math.min(2 * pauseMs, pauseMsMax);
      }
    }
  }

  /** Answers whether there may be more. */
  private async sendSome(): Promise<boolean> {
    const { knex, eventsMax, beforeMarking } = this.options;
    const unsent = await readUnsent(knex, readMax);
    const unnamed = unsent.filter(({ delivery }) => delivery === null);
    const names = new Set(unsent.flatMap(({ delivery }) => delivery ?? []));
    for (let rest = unnamed; rest.length > 0;) {
      const fresh = firstBatch(rest.slice(0, eventsMax));
      rest = rest.slice(fresh.length);
      const ids = fresh.map(({ eventId }) => eventId);
      const name = ids.length === 1 ? String(ids[0]) : sharedDelivery(uuidv7());
      await nameDelivery(knex, ids, name);
      names.add(name);
    }
    const deliveries = [...names];
    const results = await Promise.allSettled(deliveries.map((name) => this.handOver(name)));
    await beforeMarking?.();
    await markSent(
      knex,
      deliveries.filter((_, i) => results[i]?.status === 'fulfilled'),
    );
    const failed = results.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
    return unsent.length === readMax;
  }

  private async handOver(delivery: string): Promise<void> {
    const { knex, client, timing, runbooksUrl, searchable } = this.options;
    const all = await readDelivery(knex, delivery);
    const bySubscriber = new Map<Service, OrderEvent[]>();
    for (const event of all) {
      for (const { subscriber } of protocol[event.type].subscriptions) {
        bySubscriber.set(subscriber, [...(bySubscriber.get(subscriber) ?? []), event]);
      }
    }
    const links = runbooksUrl === undefined ? {} : { runbooksUrl };
    await Promise.all(
      [...bySubscriber].map(([subscriber, events]) =>
        startDelivery(client, deliveryId(delivery, subscriber), searchable, {
          events,
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

/** The first of these events, as many as one workflow may carry, and at least one. */
function firstBatch(unsent: readonly Unsent[]): OrderEvent[] {
  let bytes = 0;
  const fits = ({ event }: Unsent, i: number) =>
    (bytes += JSON.stringify(event).length) <= batchLimits.bytesMax || i === 0;
  const firstThatDoesNot = unsent.findIndex((one, i) => !fits(one, i));
  const some = firstThatDoesNot === -1 ? unsent : unsent.slice(0, firstThatDoesNot);
  return some.map(({ event }) => event);
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
    const input = { events: [event], subscriber, timing, release, ...links };
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
  input: DeliverEventsInput,
): Promise<void> {
  const { events, subscriber } = input;
  const [first] = events;
  const what =
    first && events.length === 1
      ? `${first.type} of order ${first.orderId}`
      : counted(events.length, 'event');
  const memo: DeliveryMemo = { orders: [...new Set(events.map(({ orderId }) => orderId))] };
  try {
    await client.withDeadline(Date.now() + startMsMax, () =>
      client.start<(delivery: DeliverEventsInput) => Promise<unknown>>(
        workflowTypes.deliverEvents,
        {
          workflowId,
          taskQueue: taskQueues.workflow,
          args: [input],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          staticSummary: `choreography: ${what} to ${subscriber}`,
          ...(events.length > 1 && { memo: { ...memo } }),
          ...(searchable && { typedSearchAttributes: helperAttributes('choreography') }),
        },
      ),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

import { randomInt } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import type { Knex } from 'knex';
import { reactionOf, type OrderEvent, type Reaction } from '../../contracts/events';
import type { Delivery, OrderEvents, React, Release } from '../../contracts/deliveries';
import type { Service } from '../../contracts/participants';
import type { Broken, WhenHeld } from '../../contracts/steps';
import { asActivity } from '../database/activity-failure';
import { classify, describeError, type ErrorClass } from '../database/errors';
import { receive, recordFault, recordReactions, readReceived, release } from './inbox';
import { runBatch } from '../barrier/batch';
import type { RowsHeld } from '../barrier/held-rows';
import { readEmitted, emit } from './outbox';
import { runTransaction } from '../database/transaction';

/** What a service does about events of different orders. */
export interface Reactions {
  /** Changes this service's state, and answers, by the id of each event, the one that reports it. */
  react: (
    trx: Knex.Transaction,
    events: readonly OrderEvent[],
    whenHeld: WhenHeld,
  ) => Promise<ReadonlyMap<string, OrderEvent>>;
  /** The events that need a row that another session has locked now. */
  findLocked: (trx: Knex.Transaction, events: readonly OrderEvent[]) => Promise<OrderEvent[]>;
  /** The events that need one of these rows. */
  needing: (held: RowsHeld, events: readonly OrderEvent[]) => OrderEvent[];
}

interface Reactor extends Reactions {
  knex: Knex;
  subscriber: Service;
  /** Called after commits, to hand the emitted events over at once. */
  onEmitted: () => void;
}

type Outcome = readonly [OrderEvent, Delivery];

/**
 * A service's reactions: inbox rows, state changes and outbox rows in one local transaction. A
 * repeated event gets the first answer. An event with a fault that may be permanent is parked alone,
 * so it does not block others: only its own faults count. A transient fault is thrown, and Temporal
 * retries it indefinitely.
 */
export function createReact(reactor: Reactor): React {
  return (given, released, whenHeld = 'tell') =>
    asActivity(async () => {
      // A delivery that began before events shared one gives its one event, and wants one answer.
      const events = isOne(given) ? [given] : given;
      const call = new ReactCall(reactor, whenHeld);
      const outcomes = new Map<string, Delivery>();
      try {
        for (const wave of wavesOf(events)) {
          if (released) await call.release(wave, released);
          for (const [{ eventId }, outcome] of await call.settle(wave)) {
            outcomes.set(eventId, outcome);
          }
        }
      } finally {
        reactor.onEmitted();
      }
      const answers = events.map(({ eventId }): Delivery => {
        const answer = outcomes.get(eventId);
        if (!answer) throw new Error(`Event ${eventId} got no outcome`);
        return answer;
      });
      if (whenHeld === 'wait' || isOne(given)) refuseLocked(answers);
      return isOne(given) ? (answers[0] as unknown as Delivery[]) : answers;
    });
}

function isOne(given: readonly OrderEvent[] | OrderEvent): given is OrderEvent {
  return !Array.isArray(given);
}

/** Of several events of one order each comes in a wave of its own, in the order in which they came. */
function wavesOf(events: readonly OrderEvent[]): OrderEvent[][] {
  const waves: OrderEvent[][] = [];
  const seen = new Map<string, number>();
  for (const event of events) {
    const nth = seen.get(event.orderId) ?? 0;
    seen.set(event.orderId, nth + 1);
    (waves[nth] ??= []).push(event);
  }
  return waves;
}

/** Retried with jitter. What was done is committed, and is answered at once by the next attempt. */
function refuseLocked(answers: readonly Delivery[]): void {
  const locked = answers.filter(({ kind }) => kind === 'locked').length;
  if (locked === 0) return;
  throw ApplicationFailure.create({
    message: `${String(locked)} of ${String(answers.length)} events need rows that another session has locked`,
    type: 'lock-timeout',
    nextRetryDelay: randomInt(50, 1_000),
  });
}

class ReactCall {
  constructor(
    private readonly reactor: Reactor,
    private readonly whenHeld: WhenHeld,
  ) {}

  /** A separate transaction, to keep the release on record even if the reaction fails again. */
  async release(events: readonly OrderEvent[], by: Release): Promise<void> {
    await runTransaction(this.reactor.knex, async (trx) => {
      for (const event of events) await release(trx, event, this.reactionTo(event), by);
    });
  }

  /** Events of different orders, together. If they fail by what one may have caused, one by one. */
  async settle(events: readonly OrderEvent[]): Promise<Outcome[]> {
    const { knex, findLocked, needing } = this.reactor;
    const step = {
      work: (trx: Knex.Transaction, some: OrderEvent[]) => this.work(trx, some),
      findLocked,
      needing,
    };
    try {
      const found = await runBatch<OrderEvent, Delivery>(knex, step, [...events]);
      const outcomes: Outcome[] = [];
      for (const [i, event] of events.entries()) {
        const outcome = found[i];
        if (!outcome) throw new Error(`Event ${event.eventId} got no outcome`);
        outcomes.push(
          outcome.kind === 'broken'
            ? await this.park(event, { error: textOf(outcome), mayMend: false })
            : [event, outcome],
        );
      }
      return outcomes;
    } catch (error) {
      const [event] = events;
      const fault = faultOf(error);
      if (!fault || !event) throw error;
      return events.length === 1 ? [await this.park(event, fault, error)] : this.alone(events);
    }
  }

  private async alone(events: readonly OrderEvent[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    const failures: Error[] = [];
    for (const event of events) {
      try {
        outcomes.push(...(await this.settle([event])));
      } catch (error) {
        failures.push(error instanceof Error ? error : new Error(String(error)));
      }
    }
    const [failure] = failures;
    if (failure) throw failure;
    return outcomes;
  }

  /** @throws `error` while the fault may still mend by itself */
  private async park(event: OrderEvent, fault: Fault, error?: unknown): Promise<Outcome> {
    const { knex } = this.reactor;
    const parks = await runTransaction(knex, (trx) =>
      recordFault(trx, event, this.reactionTo(event), fault),
    );
    if (!parks) {
      throw error instanceof Error ? error : new Error(`${event.eventId} was handled meanwhile`);
    }
    return [event, { kind: 'parked', detail: fault.error }];
  }

  private async work(trx: Knex.Transaction, events: readonly OrderEvent[]): Promise<Delivery[]> {
    const received = events.map((event) => ({ event, reaction: this.reactionTo(event) }));
    const rows = await receive(trx, received);
    const rowOf = ({ eventId }: OrderEvent) => {
      const row = rows.get(eventId);
      if (!row) throw new Error(`The inbox row of ${eventId} does not exist`);
      return row;
    };
    const fresh = received.filter(({ event }) => {
      const { emitted, parked } = rowOf(event);
      return emitted === null && parked === 0;
    });
    const freshEvents = fresh.map(({ event }) => event);
    const reports =
      fresh.length > 0
        ? await this.reactor.react(trx, freshEvents, this.whenHeld)
        : new Map<string, OrderEvent>();
    const made = fresh.map((one) => {
      const emitted = reports.get(one.event.eventId);
      if (!emitted) throw new Error(`Nothing was emitted for event ${one.event.eventId}`);
      return { ...one, emitted };
    });
    await emit(trx, [...reports.values()]);
    await recordReactions(trx, made);
    return events.map((event): Delivery => {
      const row = rowOf(event);
      const emitted = row.emitted ?? reports.get(event.eventId)?.eventId;
      if (emitted !== undefined) return { kind: 'reacted', emitted };
      return { kind: 'parked', detail: row.last_error ?? '' };
    });
  }

  private reactionTo({ type }: OrderEvent): Reaction {
    const { subscriber } = this.reactor;
    const reaction = reactionOf(type, subscriber);
    if (!reaction) throw new Error(`The ${subscriber} service has no reaction to ${type}`);
    return reaction;
  }
}

/**
 * The events of an order that this service has emitted and received, for redelivering lost ones.
 */
export function createEventsOf(knex: Knex): (orderId: string) => Promise<OrderEvents> {
  return (orderId) =>
    asActivity(async () => ({
      said: await readEmitted(knex, orderId),
      heard: await readReceived(knex, orderId),
    }));
}

/**
 * Faults that a retry may fix once the cause is removed. What an event's own data cause parks it at
 * once: see activities/barrier/batch.ts.
 */
const poison: Partial<Record<ErrorClass, { mayMend: boolean }>> = {
  'deployment-fault': { mayMend: true },
  unknown: { mayMend: true },
};

function textOf({ code, detail }: Broken): string {
  return `broken: ${code}${detail === undefined ? '' : `, ${detail}`}`;
}

interface Fault {
  error: string;
  mayMend: boolean;
}

/** Undefined for transient faults: an outage parks nothing. */
function faultOf(error: unknown): Fault | undefined {
  const kind = poison[classify(error)];
  return kind && { ...kind, error: describeError(error) };
}

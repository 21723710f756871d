/**
 * Choreography (sagas without an orchestrator; the transactional outbox): each service reacts to
 * what the others say; none tells another what to do. There is no workflow that places an
 * order. The protocol is the table in contracts/events.ts; a reaction is one local transaction
 * of the service that reacts (activities/events/reactor.ts). Temporal is the broker:
 *
 * | workflow            | does                                       | promises                    |
 * |---------------------|--------------------------------------------|-----------------------------|
 * | deliverEvents       | brings events to one subscriber            | at least once; what cannot  |
 * |                     |                                            | be handled is parked        |
 * | placeByChoreography | brings what was lost of an order's events  | a Terminate loses nothing   |
 * |                     | to the services that have not reacted      |                             |
 *
 * Neither knows what comes next: the subscriber's reaction says something, and its service's
 * relay (workers/wiring/relay.ts) has that delivered in its turn.
 */
import { CancellationScope, condition, workflowInfo } from '@temporalio/workflow';
import { events, type OrderEvent } from '../contracts/events';
import { counted } from '../contracts/labels';
import { isTerminal, type PlacedOrder } from '../contracts/order';
import type { Delivery, OrderEvents, Release } from '../contracts/deliveries';
import type { TroubledOrder } from '../contracts/steps';
import type {
  DeliverEventsInput,
  DeliverEventsResult,
  PlaceOrdersInput,
  PlaceOrdersResult,
} from '../contracts/workflows';
import type { Service } from '../contracts/participants';
import { servicesHere } from './shared/participants';
import { showTroubled } from './ui/attributes';
import { showDetails } from './ui/details';
import { quoted, runbookLink, tableOf } from './ui/markdown';
import { Run } from './shared/run';
import { orderEventSteps, orderSteps, reactionsOf, type Asker } from './shared/steps';
import { zip } from './shared/zip';

/** Delivers events to one subscriber, which reacts to each once even if it comes repeatedly. */
export function deliverEvents(input: DeliverEventsInput): Promise<DeliverEventsResult> {
  const { events: all, subscriber, release, runbooksUrl } = input;
  const what = `${whatOf(all)} to the ${subscriber} service`;
  const lasting = runbookLink('step-failing', runbooksUrl);
  showDetails(
    () => `${what}: being delivered. If this lasts, the pending activity says why; ${lasting}`,
  );
  // Shielded from cancellation: otherwise adoption would have to find and resend the missing events.
  return CancellationScope.nonCancellable(async () => {
    const delivered = await deliver({ timing: input.timing }, all, subscriber, release);
    const parked = parkedAmong(delivered);
    if (parked.length > 0) showTroubled();
    showDetails(() =>
      [`${what}: ${endOf(delivered)}`, ...parkedLines(parked, runbooksUrl)].join('\n'),
    );
    return { reacted: delivered.length - parked.length, parked: parked.length };
  });
}

/** What a delivery was before several events could share one. Those that run still end by it. */
export function deliverEvent({
  event,
  ...input
}: Omit<DeliverEventsInput, 'events'> & { event: OrderEvent }): Promise<DeliverEventsResult> {
  return deliverEvents({ ...input, events: [event] });
}

function whatOf([first, ...more]: readonly OrderEvent[]): string {
  if (!first) return 'no event';
  return `**${first.type}** of order ${first.orderId}${andMore(more)}`;
}

type Delivered = [OrderEvent, Delivery];

function parkedAmong(delivered: readonly Delivered[]) {
  return delivered.flatMap(([event, one]) => (one.kind === 'parked' ? [{ event, ...one }] : []));
}

type Parked = ReturnType<typeof parkedAmong>[number];

function endOf(delivered: readonly Delivered[]): string {
  const emitted = delivered.flatMap(([, one]) => (one.kind === 'reacted' ? [one.emitted] : []));
  const [first, ...more] = emitted;
  const parked = parkedAmong(delivered).length;
  return [
    ...(first === undefined ? [] : [`delivered; the service emitted ${first}${andMore(more)}`]),
    ...(parked === 0 ? [] : [parked === 1 ? '**parked**' : `**${parked} parked**`]),
  ].join('; ');
}

function andMore(more: readonly unknown[]): string {
  return more.length === 0 ? '' : ` and ${counted(more.length, 'more event')}`;
}

/** Which events are parked, why, and what an operator does. */
function parkedLines(parked: readonly Parked[], runbooksUrl: string | undefined): string[] {
  if (parked.length === 0) return [];
  return [
    '',
    `**What to do**: ${runbookLink('event-parked', runbooksUrl)}`,
    ...tableOf(['event', 'why'], parked, ({ event, detail }) => [event.eventId, quoted(detail)]),
  ];
}

/**
 * Asks the subscriber, and then again, for as long as it takes, for the events whose rows another
 * session has locked. A parked event keeps its order waiting for an operator, and raises an alert.
 */
async function deliver(
  asker: Asker,
  all: readonly OrderEvent[],
  subscriber: Service,
  release?: Release,
): Promise<Delivered[]> {
  const service = reactionsOf(subscriber, asker);
  const released = release ? all : [];
  // Done first: if the release were lost afterwards, the order must not appear to wait for an
  // operator.
  for (const { orderId } of released) await orderEventSteps(asker).resolveParked(orderId);
  const answers = await (release ? service.react(all, release) : service.react(all));
  // A delivery of one event that began before events shared one has one answer, not a list.
  const first = zip(all, Array.isArray(answers) ? answers : [answers as Delivery]);
  await alertParked(asker, subscriber, first);
  const held = first.flatMap(([event, { kind }]) => (kind === 'locked' ? [event] : []));
  if (held.length === 0) return first;
  const later = zip(held, await service.reactWhenFree(held));
  await alertParked(asker, subscriber, later);
  return [...first.filter(([, { kind }]) => kind !== 'locked'), ...later];
}

async function alertParked(
  { timing }: Asker,
  subscriber: Service,
  delivered: readonly Delivered[],
): Promise<void> {
  const parked = parkedAmong(delivered);
  if (parked.length === 0) return;
  // The view is not told: the order goes on until all that was lost is delivered.
  await orderSteps({ timing }).alertOrders(
    parked.map(({ event: { eventId, orderId }, detail }) => ({
      orderId,
      kind: 'event-parked',
      detail: `${eventId} at ${subscriber}: ${detail}`,
    })),
  );
}

/**
 * Redelivers the lost events of these orders, until each order has ended or one of its events is
 * parked. Adoption starts this workflow with one order.
 */
export async function placeByChoreography(input: PlaceOrdersInput): Promise<PlaceOrdersResult> {
  const run = new Run(input);
  const cancelled = heedCancellation(input);
  await CancellationScope.nonCancellable(() =>
    Promise.all(input.orders.map((order) => redeliver(order, run, cancelled))),
  );
  return run.end();
}

/** Cancelling the workflow cancels its undecided orders. */
function heedCancellation({ orders, timing }: PlaceOrdersInput): { seen: boolean } {
  const cancelled = { seen: false };
  CancellationScope.current().cancelRequested.catch(async () => {
    await CancellationScope.nonCancellable(() =>
      orderSteps({ timing }).decideOrders(
        orders.map(({ orderId }) => ({
          orderId,
          decision: 'CANCEL',
          reason: 'cancelled-by-operator',
        })),
      ),
    );
    cancelled.seen = true;
  });
  return cancelled;
}

/** The pause between two looks, which gives slow deliveries time to arrive. */
const firstPauseMs = 200;
const pauseMsMax = 30_000;

async function redeliver(
  { orderId }: PlacedOrder,
  run: Run,
  cancelled: { seen: boolean },
): Promise<void> {
  const { settleOrder } = orderEventSteps(run);
  const services = servicesHere();
  let pauseMs = firstPauseMs;
  // Once the history is long, the workflow leaves the order to the next adoption, which finds it
  // PLACING.
  while (!workflowInfo().continueAsNewSuggested) {
    const heeded = cancelled.seen;
    const status = await settleOrder(orderId);
    if (isTerminal(status)) return;
    const found = await Promise.all(
      services.map(async (service): Promise<[Service, OrderEvents]> => {
        return [service, await reactionsOf(service, run).eventsOf(orderId)];
      }),
    );
    const lost = lostOf(new Map(found));
    await Promise.all(lost.map(({ event, subscriber }) => deliver(run, [event], subscriber)));
    const parked = parkedOf(orderId, found);
    if (parked !== undefined && lost.length === 0) {
      // Raises the alert again, in case the delivery that parked the event was terminated before it
      // could.
      await run.alert(parked);
      return;
    }
    if (lost.length > 0) continue;
    await condition(() => cancelled.seen && !heeded, pauseMs);
    pauseMs = Math.min(2 * pauseMs, pauseMsMax);
  }
}

interface Lost {
  event: OrderEvent;
  subscriber: Service;
}

/** The order's events that were emitted and that some subscriber has not handled. */
function lostOf(found: ReadonlyMap<Service, OrderEvents>): Lost[] {
  return [...found.values()].flatMap(({ said }) =>
    said.flatMap((event) =>
      events[event.type].subscriptions.flatMap(({ subscriber }) => {
        const asked = found.get(subscriber);
        if (!asked || asked.heard.some(({ eventId }) => eventId === event.eventId)) return [];
        return [{ event, subscriber }];
      }),
    ),
  );
}

/** The order's parked event as an alert, if it has one. */
function parkedOf(
  orderId: string,
  found: readonly [Service, OrderEvents][],
): TroubledOrder | undefined {
  const parked = found.flatMap(([service, { heard }]) =>
    heard.flatMap((one) =>
      one.parked ? [`${one.eventId} at ${service}: ${one.error ?? ''}`] : [],
    ),
  );
  const [detail] = parked;
  return detail === undefined ? undefined : { orderId, kind: 'event-parked', detail };
}

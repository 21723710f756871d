import { placedEvent, released } from '../arrange-events';
import { eventsOfName } from '../../../contracts/participants/activities';
import { participants } from '../../../contracts/participants';
import { product } from '../../../contracts/participants/product';
import { first, inLedger, otherThan, second, type Participant } from '../participants';
import { scenariosOf, shortOf, type End, type OrderPlan, type Scenario } from '../scenarios';
import { aroundSteps, decide, lockOrder, type Step } from '../step';

const cancelledByOperator: End = { status: 'CANCELLED', reason: 'cancelled-by-operator' };
const parked: OrderPlan = { kind: 'broken', end: { status: 'PENDING', alert: 'event-parked' } };
const common = scenariosOf('choreography');
const scenarios = {
  ...common,
  broken: { ...common.broken, orders: [parked] } satisfies Scenario,
  abandoned: { ...common.abandoned, name: 'its events were handed over, and lost' },
};
const { claim, adopt } = aroundSteps(scenarios);
const mended: Scenario = {
  ...common.broken,
  name: 'a product that was gone is there again, and an operator releases the event',
  orders: [{ kind: 'broken', end: { status: 'COMPLETED' } }],
  arrangement: released,
};

/** The first statement of a reaction: it takes the event's row. */
const hear = (reaction: string) => new RegExp(`^INSERT INTO inbox .*'${reaction}'`);

/** The order service hears what a participant says. */
const settleOrder = {
  name: 'settleOrder',
  kind: 'record',
  driver: 'delivery',
  service: 'order',
  enter: hear('settleOrder'),
  skip: 0,
  effect: /ReplyNoted|OrderCompleted|OrderCancelled|OrderClosed/,
  subject: 'good',
  locks: ['inbox', 'order'],
  scenario: scenarios.placed,
} as const;
/** Each answers the order's event, and its cancel. */
const replies = participants.length;
const nth = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'] as const;
const reply = (index: number): Step => ({
  ...settleOrder,
  name: `settleOrder, ${nth[index] ?? `${String(index + 1)}th`} reply`,
  ...(index > 0 && { skip: index }),
  ...(index === replies - 1 && { kind: 'decision' }),
});
const refusal = {
  ...settleOrder,
  subject: shortOf(second).kind,
  scenario: scenarios.refusedBy(second),
} as const;
const action = (participant: Participant) =>
  ({
    ...settleOrder,
    name: participant.steps.saga.action,
    kind: 'reaction',
    service: participant.name,
    enter: hear(participant.steps.saga.action),
    effect: inLedger(participant),
    locks: ['inbox', 'balance'],
    waitsAt: 5,
    overtakenBy: settleOrder,
  }) as const;
const compensation = (participant: Participant) =>
  ({
    ...action(participant),
    name: participant.steps.saga.compensation,
    kind: 'compensation',
    enter: hear(participant.steps.saga.compensation),
    subject: shortOf(otherThan(participant)).kind,
    scenario: scenarios.refusedBy(otherThan(participant)),
  }) as const;
/** Of the one whose event is parked where a product is gone. */
const deductStock = action(product);
const deduct = deductStock.name;
/** Of the event that sets all else going; the relays of the others are the same code. */
const markSent: Step = {
  ...settleOrder,
  name: 'markSent',
  driver: 'relay',
  enter: /^update `outbox` set `sent_at`/,
  names: ({ orderId }) => `${orderId}:OrderPlaced`,
  effect: /sent_at/,
  shared: true,
  locks: ['outbox'],
};

const release = {
  ...deductStock,
  name: `${deduct}, its release`,
  kind: 'record',
  driver: 'release',
  resumes: true,
  enter: /^update `inbox` set `parked_at` = NULL/i,
  names: ({ orderId }: { orderId: string }) => placedEvent(orderId),
  effect: /`released_at`/,
  subject: 'broken',
  locks: ['inbox'],
  scenario: mended,
} as const;
/** Adoption has what was lost delivered again: the reactions are the same, and so is what undoes them. */
const again: Pick<Step, 'driver' | 'kind' | 'scenario' | 'ends'> = {
  driver: 'owner',
  kind: 'record',
  scenario: scenarios.abandoned,
  // The cancel and what the deliveries lead to are two writers of the decision: the first one wins.
  ends: {
    'workflow cancelled, before the COMMIT': [cancelledByOperator, { status: 'COMPLETED' }],
  },
};

/** The reactions, and what carries what they say from one service to the next. */
export const choreographySteps: Step[] = [
  {
    ...claim,
    enter: /^select `order_id` from orders FORCE INDEX .*'CREATED'.*for update/i,
    effect: /OrderPlaced/,
    shared: true,
  },
  markSent,
  ...participants.map(action),
  ...participants.map((_, index) => reply(index)),
  { ...refusal, name: 'settleOrder, a refusal', skip: replies - 1 },
  ...participants.map(compensation),
  { ...refusal, name: 'settleOrder, given back', skip: 2 * replies - 1 },
  {
    ...deductStock,
    name: `${deduct}, parked`,
    kind: 'record',
    skip: 1,
    effect: /parked_at/,
    subject: 'broken',
    // Its row is new: what was tried before it was taken back.
    locks: [],
    scenario: scenarios.broken,
  },
  {
    ...decide,
    name: 'alertOrders',
    kind: 'record',
    driver: 'delivery',
    subscriber: product.name,
    enter: lockOrder,
    // What settles the order says so too, after it has heard of the event.
    opens: true,
    // The claim's is the first.
    skip: 1,
    effect: /event-parked/,
    subject: 'broken',
    scenario: scenarios.broken,
  },
  adopt,
  {
    ...decide,
    ...again,
    name: 'settleOrder, delivering again',
    // Adoption's own begins alike, and skips a row that is held.
    enter: /from orders FORCE INDEX \(PRIMARY\).*for update$/i,
    opens: true,
    effect: /from orders FORCE INDEX/,
  },
  {
    ...settleOrder,
    ...again,
    name: eventsOfName(first.name),
    kind: 'look',
    service: first.name,
    enter: /^select .*from `outbox` where `order_id` =/,
    effect: /from `outbox` where `order_id` =/,
    locks: [],
  },
  ...participants.map((one) => ({
    ...action(one),
    ...again,
    name: `${one.steps.saga.action}, delivered again`,
  })),
  {
    ...release,
    name: 'resolveParked',
    service: 'order',
    enter: /^\/\* resolveParked \*\/ select/,
    names: ({ orderId }) => orderId,
    effect: /'event-parked'/,
    locks: ['order', 'alert'],
    // The event is parked still, and adoption tells an operator of it again.
    ends: { 'workflow terminated, before the COMMIT': [parked.end] },
  },
  release,
  {
    ...deductStock,
    name: `${deduct}, released`,
    kind: 'record',
    driver: 'release',
    resumes: true,
    subject: 'broken',
    scenario: mended,
  },
];

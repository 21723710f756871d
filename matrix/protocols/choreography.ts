import { placedEvent, released } from '../arrange-events';
import { scenariosOf, type End, type OrderPlan, type Scenario } from '../scenarios';
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
const deductStock = {
  ...settleOrder,
  name: 'deductStock',
  kind: 'reaction',
  service: 'product',
  enter: hear('deductStock'),
  effect: /stock_ledger/,
  locks: ['inbox', 'balance'],
  waitsAt: 5,
  overtakenBy: settleOrder,
} as const;
const usePoints = {
  ...deductStock,
  name: 'usePoints',
  service: 'point',
  enter: hear('usePoints'),
  effect: /point_ledger/,
} as const;
const restoreStock = {
  ...deductStock,
  name: 'restoreStock',
  kind: 'compensation',
  enter: hear('restoreStock'),
  subject: 'short-of-points',
  scenario: scenarios.refusedPoints,
} as const;
const refundPoints = {
  ...restoreStock,
  name: 'refundPoints',
  service: 'point',
  enter: hear('refundPoints'),
  effect: /point_ledger/,
  subject: 'short-of-stock',
  scenario: scenarios.refusedStock,
} as const;
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
  name: 'deductStock, its release',
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
  deductStock,
  usePoints,
  { ...settleOrder, name: 'settleOrder, first reply' },
  { ...settleOrder, name: 'settleOrder, second reply', kind: 'decision', skip: 1 },
  {
    ...settleOrder,
    name: 'settleOrder, a refusal',
    skip: 1,
    subject: 'short-of-points',
    scenario: scenarios.refusedPoints,
  },
  restoreStock,
  refundPoints,
  {
    ...settleOrder,
    name: 'settleOrder, given back',
    skip: 3,
    subject: 'short-of-points',
    scenario: scenarios.refusedPoints,
  },
  {
    ...deductStock,
    name: 'deductStock, parked',
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
    subscriber: 'product',
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
    name: 'eventsOfProduct',
    kind: 'look',
    service: 'product',
    enter: /^select .*from `outbox` where `order_id` =/,
    effect: /from `outbox` where `order_id` =/,
    locks: [],
  },
  { ...deductStock, ...again, name: 'deductStock, delivered again' },
  { ...usePoints, ...again, name: 'usePoints, delivered again' },
  {
    ...release,
    name: 'resolveParked',
    service: 'order',
    enter: /^update alerts FORCE INDEX .*'event-parked'/,
    names: ({ orderId }) => orderId,
    effect: /'event-parked'/,
    locks: ['alert'],
    // The event is parked still, and adoption tells an operator of it again.
    ends: { 'workflow terminated, before the COMMIT': [parked.end] },
  },
  release,
  {
    ...deductStock,
    name: 'deductStock, released',
    kind: 'record',
    driver: 'release',
    resumes: true,
    subject: 'broken',
    scenario: mended,
  },
];

import { participants } from '../../../contracts/participants';
import {
  atBarrier,
  first,
  inLedger,
  otherThan,
  owed,
  second,
  type Participant,
} from '../participants';
import {
  broken,
  good,
  scenariosOf,
  shortOf,
  tooLittle,
  type OrderPlan,
  type Scenario,
} from '../scenarios';
import { aroundSteps, close, decide, hold, type Step } from '../step';

const times = (count: number, plan: OrderPlan) => Array.from({ length: count }, () => plan);

/** What only the saga has: a registry of what is owed, and batches. */
const owing = (participant: Participant): Scenario => ({
  name: `${tooLittle(otherThan(participant))}, and the ${participant.label} cannot be given back yet`,
  pattern: 'saga',
  orders: [shortOf(otherThan(participant))],
  start: 'place',
  owes: [owed(participant, participant.steps.saga.compensation)],
});
const owingFirst = owing(first);
const refusals = participants.map(shortOf);
const forty: Scenario = {
  name: 'forty at once, eleven of them refused, one broken',
  pattern: 'saga',
  orders: [
    ...times(28, good),
    ...Array.from({ length: 11 }, (_, i) => refusals[i % refusals.length] ?? broken),
    broken,
  ],
  start: 'batch',
};
const fortyOwing: Scenario = {
  name: `forty at once, five of them short of ${second.label}, whose ${first.label} cannot be given back yet`,
  pattern: 'saga',
  orders: [...times(35, good), ...times(5, shortOf(second))],
  start: 'batch',
  owes: [owed(first, first.steps.saga.compensation)],
};

const scenarios = scenariosOf('saga');
const { claim, adopt } = aroundSteps(scenarios);
const refused = scenarios.refusedBy(second);

const action = (participant: Participant) =>
  ({
    ...atBarrier(participant, participant.steps.saga.action),
    kind: 'action',
    driver: 'owner',
    skip: 0,
    effect: inLedger(participant),
    subject: 'good',
    locks: ['barrier', 'balance'],
  }) as const;
const compensation = (participant: Participant) =>
  ({
    ...action(participant),
    ...atBarrier(participant, participant.steps.saga.compensation),
    kind: 'compensation',
    subject: shortOf(otherThan(participant)).kind,
  }) as const;
const drained = (participant: Participant) =>
  ({
    ...compensation(participant),
    name: `${participant.steps.saga.compensation}, drained`,
    driver: 'drain',
    resumes: true,
  }) as const;
const register = {
  ...close,
  name: 'registerCompensations',
  effect: /insert into `compensations`/,
} as const;
const recordDrained = {
  ...close,
  name: 'recordCompensations',
  driver: 'drain',
  resumes: true,
  skip: 0,
  effect: /update compensations /,
  locks: ['order', 'compensation'],
} as const;
const cancel = { ...decide, kind: 'record', subject: shortOf(second).kind } as const;
const alone: Step[] = [
  claim,
  ...participants.map((one) => ({ ...action(one), scenario: scenarios.placed })),
  { ...decide, name: 'decideOrders (COMPLETE)', scenario: scenarios.placed },
  { ...cancel, name: 'decideOrders (CANCEL)', scenario: refused },
  { ...cancel, name: 'decideOrders (CANCEL), then owing', scenario: owingFirst },
  ...participants.map((one) => ({
    ...compensation(one),
    scenario: scenarios.refusedBy(otherThan(one)),
  })),
  { ...close, scenario: refused },
  { ...hold, scenario: scenarios.broken },
  { ...register, scenario: owingFirst },
  ...participants.map((one) => ({ ...drained(one), scenario: owing(one) })),
  { ...recordDrained, scenario: owingFirst },
  adopt,
];

const inBatch: Step[] = [
  ...participants.map(action),
  { ...decide, locks: ['order', 'order'] as const },
  hold,
  ...participants.map(compensation),
  { ...close, locks: ['order', 'order'] as const },
  { ...register, locks: ['order', 'order'] as const, scenario: fortyOwing },
  { ...drained(first), scenario: fortyOwing },
  { ...recordDrained, scenario: fortyOwing },
].map((step) => ({ scenario: forty, ...step, name: `${step.name} ×40` }));

/** The saga's steps, each where it is needed, alone and among forty. */
export const sagaSteps: Step[] = [...alone, ...inBatch];

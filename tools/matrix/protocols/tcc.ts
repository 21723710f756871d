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
import { good, scenariosOf, shortOf, tooLittle, type Scenario } from '../scenarios';
import { aroundSteps, close, complete, decide, hold, type Step } from '../step';
import { tccRecoverySteps } from './tcc-recovery';

const { confirm: confirmFirst, cancel: cancelFirst } = first.steps.tcc;
const owingConfirm: Scenario = {
  name: `the ${first.label} cannot be confirmed yet`,
  pattern: 'tcc',
  orders: [good],
  start: 'place',
  owes: [owed(first, confirmFirst)],
};
const owingCancel: Scenario = {
  name: `${tooLittle(second)}, and the ${first.label} cannot be cancelled yet`,
  pattern: 'tcc',
  orders: [shortOf(second)],
  start: 'place',
  owes: [owed(first, cancelFirst)],
};
const scenarios = scenariosOf('tcc');
const { claim, adopt } = aroundSteps(scenarios);
const refused = scenarios.refusedBy(second);

const attempt = (participant: Participant) =>
  ({
    ...atBarrier(participant, participant.steps.tcc.try),
    kind: 'action',
    driver: 'owner',
    skip: 0,
    effect: /insert into `reservations`/,
    subject: 'good',
    locks: ['barrier', 'balance'],
    scenario: scenarios.placed,
  }) as const;
const confirm = (participant: Participant) =>
  ({
    ...attempt(participant),
    ...atBarrier(participant, participant.steps.tcc.confirm),
    kind: 'ending',
    effect: inLedger(participant),
    // Barrier rows, those of the phase, the reservations, and then the balances.
    waitsAt: 5,
  }) as const;
const cancel = (participant: Participant) =>
  ({
    ...confirm(participant),
    ...atBarrier(participant, participant.steps.tcc.cancel),
    effect: /`state` = 'cancelled'/,
    subject: shortOf(otherThan(participant)).kind,
    scenario: scenarios.refusedBy(otherThan(participant)),
  }) as const;
const alert = { ...close, name: 'alertOrders', effect: /confirmation-failing/ } as const;

/** The steps of Try, Confirm, Cancel, and of what ends an order that waits. */
export const tccSteps: Step[] = [
  claim,
  ...participants.map(attempt),
  { ...decide, name: 'decideOrders (COMPLETE)', scenario: scenarios.placed },
  ...participants.map(confirm),
  { ...complete, scenario: scenarios.placed },
  {
    ...decide,
    name: 'decideOrders (CANCEL)',
    kind: 'record',
    subject: shortOf(second).kind,
    scenario: refused,
  },
  ...participants.map(cancel),
  { ...close, scenario: refused },
  { ...hold, scenario: scenarios.broken },
  { ...alert, subject: 'good', scenario: owingConfirm },
  {
    ...confirm(first),
    name: `${confirmFirst}, forced`,
    driver: 'force',
    resumes: true,
    scenario: owingConfirm,
  },
  { ...cancel(first), name: `${cancelFirst}, adopted`, resumes: true, scenario: owingCancel },
  adopt,
  ...tccRecoverySteps,
];

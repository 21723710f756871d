import { scenariosOf } from '../scenarios';
import { aroundSteps, hold, lockOrder, type Step } from '../step';

const scenarios = scenariosOf('lock');
const { claim, adopt } = aroundSteps(scenarios);

/** One transaction over all three databases, on a connection to the order service's. */
const place = {
  name: 'placeInOneTransaction',
  kind: 'action',
  driver: 'owner',
  service: 'order',
  door: 'lock',
  decides: true,
  enter: lockOrder,
  skip: 0,
  effect: /stock_ledger[\s\S]*point_ledger[\s\S]*'COMPLETED'/,
  subject: 'good',
  locks: ['order', 'account'],
} as const;

/** The baseline's steps: few, for there is little between all and nothing. */
export const lockSteps: Step[] = [
  claim,
  { ...place, scenario: scenarios.placed },
  {
    ...place,
    name: 'placeInOneTransaction (CANCEL)',
    effect: /`status` = 'CANCELLED'/,
    subject: 'short-of-points',
    scenario: scenarios.refusedPoints,
  },
  { ...hold, scenario: scenarios.broken },
  adopt,
];

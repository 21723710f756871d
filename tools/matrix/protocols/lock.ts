import { participants } from '../../../contracts/participants';
import { second } from '../participants';
import { scenariosOf, shortOf } from '../scenarios';
import { aroundSteps, hold, lockOrder, type Step } from '../step';

const scenarios = scenariosOf('lock');
const { claim, adopt } = aroundSteps(scenarios);

/** One transaction over all databases, on a connection to the order service's. */
const place = {
  name: 'placeInOneTransaction',
  kind: 'action',
  driver: 'owner',
  service: 'order',
  door: 'lock',
  decides: true,
  enter: lockOrder,
  skip: 0,
  effect: new RegExp(
    [...participants.map(({ books }) => books.ledger), "'COMPLETED'"].join('[\\s\\S]*'),
  ),
  subject: 'good',
  locks: ['order', 'last-balance'],
} as const;

/** The baseline's steps: few, for there is little between all and nothing. */
export const lockSteps: Step[] = [
  claim,
  { ...place, scenario: scenarios.placed },
  {
    ...place,
    name: 'placeInOneTransaction (CANCEL)',
    effect: /`status` = 'CANCELLED'/,
    subject: shortOf(second).kind,
    scenario: scenarios.refusedBy(second),
  },
  { ...hold, scenario: scenarios.broken },
  adopt,
];

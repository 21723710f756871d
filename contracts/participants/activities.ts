/** The activities of a participant, by the names in its definition. */
import type { BranchStep, FindBranches } from '../branches';
import type { OrderEvents, React } from '../deliveries';
import type { FindWork } from '../recovery';
import type { AgedQuery, FreezeCommand } from '../reservations';
import type {
  ActionOutcome,
  CancelOutcome,
  CompensationOutcome,
  ConfirmOutcome,
  FreezeOutcome,
  PrepareOutcome,
  Step,
} from '../steps';
import type { Participant } from './definition';
import type { ParticipantWords, Service } from './index';

export type CommandOf<P extends Participant> = ReturnType<P['command']>;

type Saga<P extends Participant> = P['steps']['saga'];
type Tcc<P extends Participant> = P['steps']['tcc'];
type Xa<P extends Participant> = P['steps']['xa'];

/** Task queue: the participant's name; ends of branches have one of their own. */
export type ActivitiesOf<P extends Participant> = Record<
  Saga<P>['action'] | Tcc<P>['try'],
  Step<CommandOf<P>, ActionOutcome>
> &
  Record<Saga<P>['compensation'], Step<CommandOf<P>, CompensationOutcome>> &
  Record<Tcc<P>['confirm'], Step<CommandOf<P>, ConfirmOutcome>> &
  Record<Tcc<P>['cancel'], Step<CommandOf<P>, CancelOutcome>> &
  /** `done` once nothing of the order can be confirmed before it is thawed. */
  Record<Tcc<P>['freeze' | 'thaw'], Step<FreezeCommand, FreezeOutcome>> &
  /** The old open reservations, as the commands that made them, ordered by order id. */
  Record<Tcc<P>['aged'], (query: AgedQuery) => Promise<CommandOf<P>[]>> &
  Record<Xa<P>['prepare'], Step<CommandOf<P>, PrepareOutcome>> &
  Record<Xa<P>['commit' | 'rollback'], BranchStep> &
  Record<Xa<P>['find'], FindBranches> &
  Record<P['steps']['findWork'], FindWork>;

/** The participant's part in choreography. */
export type EventActivitiesOf<P extends Participant> = Record<`${P['name']}Reacts`, React> &
  Record<`eventsOf${Capitalize<P['name']>}`, (orderId: string) => Promise<OrderEvents>>;

/** The activity name of a service's reaction. */
export const reactsName = (service: Service) => `${service}Reacts` as const;
export const eventsOfName = (service: Service) =>
  `eventsOf${service.charAt(0).toUpperCase()}${service.slice(1)}`;

/** The intersection of a union's members. */
type All<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void
  ? I
  : never;

/** The commands of all participants for one order, together. */
export type AllCommands = All<ReturnType<ParticipantWords['command']>>;

/** The activities of all participants. */
export type ParticipantActivities = All<
  ParticipantWords extends infer P
    ? P extends Participant
      ? ActivitiesOf<P> & EventActivitiesOf<P>
      : never
    : never
>;

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
  /** `done` when nothing of the order can be confirmed any more before it is thawed. */
  Record<Tcc<P>['freeze' | 'thaw'], Step<FreezeCommand, FreezeOutcome>> &
  /** The open reservations that are old, as what was asked for, in the order of their ids. */
  Record<Tcc<P>['aged'], (query: AgedQuery) => Promise<CommandOf<P>[]>> &
  Record<Xa<P>['prepare'], Step<CommandOf<P>, PrepareOutcome>> &
  Record<Xa<P>['commit' | 'rollback'], BranchStep> &
  Record<Xa<P>['find'], FindBranches> &
  Record<P['steps']['findWork'], FindWork>;

/** Its part in choreography. */
export type EventActivitiesOf<P extends Participant> = Record<`${P['name']}Reacts`, React> &
  Record<`eventsOf${Capitalize<P['name']>}`, (orderId: string) => Promise<OrderEvents>>;

/** How a service's reaction is called. */
export const reactsName = (service: Service) => `${service}Reacts`;
export const eventsOfName = (service: Service) =>
  `eventsOf${service.charAt(0).toUpperCase()}${service.slice(1)}`;

/** What every member of a union has, at once. */
type All<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void
  ? I
  : never;

/** What all participants are told of one order. */
export type AllCommands = All<ReturnType<ParticipantWords['command']>>;

/** The activities of all participants. */
export type ParticipantActivities = All<
  ParticipantWords extends infer P
    ? P extends Participant
      ? ActivitiesOf<P> & EventActivitiesOf<P>
      : never
    : never
>;

/** The activities of a participant, by the names in its definition. */
import type { BranchStep, FindBranches } from '../branches';
import type { OrderEvents, React } from '../deliveries';
import type { FindWork } from '../recovery';
import type { AgedQuery, FreezeCommand } from '../reservations';
import type { Step } from '../steps';
import type { Participant } from './definition';
import type { ParticipantWords } from './index';

export type CommandOf<P extends Participant> = ReturnType<P['command']>;

/** Steps that take the participant's own command, one for each order. */
type CommandSteps<P extends Participant> =
  | P['steps']['saga']['action' | 'compensation']
  | P['steps']['tcc']['try' | 'confirm' | 'cancel']
  | P['steps']['xa']['prepare'];

/** Task queue: the participant's name; ends of branches have one of their own. */
export type ActivitiesOf<P extends Participant> = Record<CommandSteps<P>, Step<CommandOf<P>>> &
  /** `done` when nothing of the order can be confirmed any more before it is thawed. */
  Record<P['steps']['tcc']['freeze' | 'thaw'], Step<FreezeCommand>> &
  /** The open reservations that are old, as what was asked for, in the order of their ids. */
  Record<P['steps']['tcc']['aged'], (query: AgedQuery) => Promise<CommandOf<P>[]>> &
  Record<P['steps']['xa']['commit' | 'rollback'], BranchStep> &
  Record<P['steps']['xa']['find'], FindBranches> &
  Record<P['steps']['findWork'], FindWork>;

/** Its part in choreography. */
export type EventActivitiesOf<P extends Participant> = Record<`${P['name']}Reacts`, React> &
  Record<`eventsOf${Capitalize<P['name']>}`, (orderId: string) => Promise<OrderEvents>>;

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

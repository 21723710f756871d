import type { Knex } from 'knex';
import type { RegisteredParticipant } from '../../contracts/participants';
import {
  eventsOfName,
  reactsName,
  type ActivitiesOf,
  type EventActivitiesOf,
} from '../../contracts/participants/activities';
import type { XaConnections } from './branch-connection';
import { createParticipantWork } from './recovery-work';
import { participantReactions } from './reactions';
import { rulesOf } from './rules';
import { createSagaSteps } from './saga';
import { createTccSteps } from './tcc';
import { createXaSteps } from './xa';
import { createEventsOf, createReact } from '../events/reactor';

/**
 * Creates a participant's activities on its own database, with the names in its definition.
 *
 * @param xa without it the XA steps fail
 */
export function createParticipantActivities<P extends RegisteredParticipant>(
  participant: P,
  knex: Knex,
  xa?: XaConnections,
): ActivitiesOf<P> {
  const rules = rulesWhenOf(participant);
  const { steps } = participant;
  const saga = createSagaSteps(knex, rules);
  const tcc = createTccSteps(knex, rules);
  const branches = createXaSteps(knex, xa, rules);
  const activities = {
    [steps.saga.action]: saga.act,
    [steps.saga.compensation]: saga.compensate,
    [steps.tcc.try]: tcc.try,
    [steps.tcc.confirm]: tcc.confirm,
    [steps.tcc.cancel]: tcc.cancel,
    [steps.tcc.freeze]: tcc.freeze,
    [steps.tcc.thaw]: tcc.thaw,
    [steps.tcc.aged]: tcc.aged,
    [steps.xa.prepare]: branches.prepare,
    [steps.xa.commit]: branches.commit,
    [steps.xa.rollback]: branches.rollback,
    [steps.xa.find]: branches.find,
    [steps.findWork]: createParticipantWork(tcc.aged, xa && branches.find),
  };
  // The compiler cannot check names that come from data; tests/participants/definitions compares
  // them.
  return activities as unknown as ActivitiesOf<P>;
}

function rulesWhenOf(participant: RegisteredParticipant) {
  return { tell: rulesOf(participant, participant.books, 'tell'), wait: rulesOf(participant) };
}

/** A participant's part in choreography. `onEmitted` wakes its relay. */
export function createParticipantReactions<P extends RegisteredParticipant>(
  participant: P,
  knex: Knex,
  onEmitted: () => void,
): EventActivitiesOf<P> {
  const reactions = participantReactions(rulesWhenOf(participant));
  const activities = {
    [reactsName(participant.name)]: createReact({
      ...reactions,
      knex,
      subscriber: participant.name,
      onEmitted,
    }),
    [eventsOfName(participant.name)]: createEventsOf(knex),
  };
  return activities as unknown as EventActivitiesOf<P>;
}

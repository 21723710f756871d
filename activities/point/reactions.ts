import type { Knex } from 'knex';
import { type EventActivities } from '../../contracts/deliveries';
import { pointCommand } from '../../contracts/steps';
import { participantReactions } from '../transaction/participant-reactions';
import { createEventsOf, createReact } from '../transaction/reactor';
import { pointRules } from './activities';

/** The point service's part in choreography; `onSaid` wakes its relay. */
export function createPointReactions(
  knex: Knex,
  onSaid: () => void,
): Pick<EventActivities, 'pointReacts' | 'eventsOfPoint'> {
  const react = participantReactions(pointRules, pointCommand, {
    taken: 'PointsUsed',
    rejected: 'PointsRejected',
    notTaken: 'PointsNotTaken',
    givenBack: 'PointsRefunded',
  });
  return {
    pointReacts: createReact({ knex, subscriber: 'point', react, onSaid }),
    eventsOfPoint: createEventsOf(knex),
  };
}

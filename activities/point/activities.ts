import type { Knex } from 'knex';
import type { PointActivities, PointCommand } from '../../contracts/steps';
import { contentHash } from '../transaction/once';
import { createSagaSteps } from '../transaction/participant';
import { pointBooks, returnPoints, takePoints } from './steps';

/** The point service's activities, given its database. */
export function createPointActivities(knex: Knex): PointActivities {
  const { act, compensate } = createSagaSteps<PointCommand>(knex, {
    action: 'usePoints',
    compensation: 'refundPoints',
    books: pointBooks,
    balancesOf: ({ customerId }) => [customerId],
    hashOf: ({ customerId, points }) => contentHash([customerId, points]),
    take: takePoints,
    giveBack: returnPoints,
  });
  return { usePoints: act, refundPoints: compensate };
}

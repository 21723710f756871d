import type { Knex } from 'knex';
import type { ProductActivities, StockCommand } from '../../contracts/steps';
import { contentHash } from '../transaction/once';
import { createSagaSteps } from '../transaction/participant';
import { returnStock, stockBooks, takeStock } from './steps';

/** The product service's activities, given its database. */
export function createProductActivities(knex: Knex): ProductActivities {
  const { act, compensate } = createSagaSteps<StockCommand>(knex, {
    action: 'deductStock',
    compensation: 'restoreStock',
    books: stockBooks,
    balancesOf: ({ lines }) => lines.map(({ productId }) => productId),
    hashOf: ({ lines }) =>
      contentHash(lines.map(({ productId, quantity }) => [productId, quantity]).sort()),
    take: takeStock,
    giveBack: returnStock,
  });
  return { deductStock: act, restoreStock: compensate };
}

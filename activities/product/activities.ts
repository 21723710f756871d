import type { Knex } from 'knex';
import type { ProductActivities, StockCommand } from '../../contracts/steps';
import type { XaConnections } from '../transaction/branch-connection';
import { contentHash } from '../transaction/once';
import { createParticipantWork } from '../transaction/recovery-work';
import { createSagaSteps, type ParticipantRules } from '../transaction/participant';
import { reserve } from '../transaction/reservations';
import { createTccSteps } from '../transaction/tcc';
import { createXaSteps } from '../transaction/xa';
import { returnStock, stockBooks, takeStock } from './steps';

/** What the product service says of itself as a participant, whichever protocol asks. */
export const stockRules: ParticipantRules<StockCommand> = {
  action: 'deductStock',
  compensation: 'restoreStock',
  books: stockBooks,
  balancesOf: ({ lines }) => lines.map(({ productId }) => productId),
  hashOf: ({ lines }) =>
    contentHash(lines.map(({ productId, quantity }) => [productId, quantity]).sort()),
  take: takeStock,
  giveBack: returnStock,
};

/** The product service's activities, given its database; without `xa`, its XA steps refuse. */
export function createProductActivities(knex: Knex, xa?: XaConnections): ProductActivities {
  const saga = createSagaSteps(knex, stockRules);
  const tcc = createTccSteps<StockCommand>(knex, {
    ...stockRules,
    steps: { try: 'tryStock', confirm: 'confirmStock', cancel: 'cancelStock' },
    reserve: (trx, fresh) => takeStock(trx, fresh, stockBooks, reserve),
    commandOf: (orderId, reserved) => ({
      orderId,
      lines: reserved.map(({ id, amount }) => ({ productId: id, quantity: amount })),
    }),
  });
  const branches = createXaSteps<StockCommand>(knex, xa, {
    ...stockRules,
    participant: 'product',
    prepare: 'prepareStock',
    rollback: 'rollbackStock',
  });
  return {
    deductStock: saga.act,
    restoreStock: saga.compensate,
    tryStock: tcc.try,
    confirmStock: tcc.confirm,
    cancelStock: tcc.cancel,
    freezeStock: tcc.freeze,
    thawStock: tcc.thaw,
    agedStock: tcc.aged,
    prepareStock: branches.prepare,
    commitStock: branches.commit,
    rollbackStock: branches.rollback,
    findStockBranches: branches.find,
    findStockWork: createParticipantWork(tcc.aged, xa && branches.find),
  };
}

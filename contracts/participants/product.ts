import { defineParticipant, type Keyed } from './definition';

/** The product service's command for one order. */
export interface StockCommand extends Keyed {
  lines: { productId: string; quantity: number }[];
}

/** The product service keeps the stock of each product. */
export const product = defineParticipant({
  name: 'product',
  label: 'stock',
  command: ({ orderId, lines }): StockCommand => ({
    orderId,
    lines: lines.map(({ productId, quantity }) => ({ productId, quantity })),
  }),
  owes: ({ lines }: StockCommand) =>
    lines.map(({ productId, quantity }) => ({ id: productId, amount: quantity })),
  commandOf: (orderId, reserved): StockCommand => ({
    orderId,
    lines: reserved.map(({ id, amount }) => ({ productId: id, quantity: amount })),
  }),
  content: ({ lines }: StockCommand) =>
    lines.map(({ productId, quantity }) => [productId, quantity]).sort(),
  books: {
    balances: 'products',
    ledger: 'stock_ledger',
    key: 'product_id',
    amount: 'quantity',
    taking: 'deduct',
    returning: 'restore',
    bookings: { add: 'restock', remove: 'write-off' },
    holder: 'product',
  },
  unknown: 'unknown-product',
  rejection: {
    code: 'insufficient-stock',
    title: 'Not enough stock',
    advice: 'Nothing was charged. Place a new, smaller order, or try again later.',
  },
  steps: {
    saga: { action: 'deductStock', compensation: 'restoreStock' },
    tcc: {
      try: 'tryStock',
      confirm: 'confirmStock',
      cancel: 'cancelStock',
      freeze: 'freezeStock',
      thaw: 'thawStock',
      aged: 'agedStock',
    },
    xa: {
      prepare: 'prepareStock',
      commit: 'commitStock',
      rollback: 'rollbackStock',
      find: 'findStockBranches',
    },
    findWork: 'findStockWork',
  },
  events: {
    taken: 'StockDeducted',
    rejected: 'StockRejected',
    notTaken: 'StockNotTaken',
    givenBack: 'StockRestored',
  },
});

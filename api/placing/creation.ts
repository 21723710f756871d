import { v7 as uuidv7 } from 'uuid';
import { requestHash, type Creation, type CreatedOrder } from '../../activities/order/intake';
import type { OrderDraft, OrderIntake } from '../../activities/order/intake';
import type { Catalogue, Product } from '../../activities/product/catalogue';
import type { OrderLine, WithTerms } from '../../contracts/order';
import { timedOut, within } from '../deadline';
import { invalidRequest } from '../http/validation';
import { batchLoader, gathering, type LoaderLimits } from './batch-loader';
import { Problem, type Fault } from '../http/problems';
import { creationOutcomeUnknown, toProblem } from '../http/unavailability';

export interface OrderRequest extends WithTerms {
  customerId: string;
  idempotencyKey: string;
  items: { productId: string; quantity: number }[];
}

export interface CreationDeps {
  intake: OrderIntake;
  products: Catalogue;
  gathering?: Partial<LoaderLimits>;
}

/** Creates an order, or finds the one that its idempotency key created. */
export type CreateOrder = (request: OrderRequest) => Promise<{ order: CreatedOrder; hit: boolean }>;

const inUse =
  'Another request with this key has not finished yet. ' + 'Repeat the request in a moment.';

const creationMsMax = 10_000;

const creationsMax = 64;

/** Reads prices and writes orders for many requests in one round trip. */
export function createOrderCreation(deps: CreationDeps): CreateOrder {
  const { intake, products } = deps;
  const limits = { ...gathering, batchMax: creationsMax, ...deps.gathering };
  const insert = batchLoader<OrderDraft, Creation>({
    ...limits,
    load: (drafts) => intake.createOrders(drafts),
  });
  const readProducts = batchLoader<string[], Map<string, Product>>({
    ...limits,
    load: async (idLists) => {
      const found = await products.byIds(idLists.flat());
      return idLists.map(() => found);
    },
  });

  return async (request) => {
    const { customerId, idempotencyKey, items, terms } = request;
    const key = { customerId, idempotencyKey, requestHash: requestHash(items, terms) };
    let draft: OrderDraft;
    try {
      const found = await readProducts(items.map(({ productId }) => productId));
      const priced = priceItems(items, found);
      draft = { ...key, orderId: `o-${uuidv7()}`, ...priced, ...(terms && { terms }) };
    } catch (error) {
      // The key may name an existing order, whose prices and products may have changed since.
      const recorded = await intake.findCreated(key);
      if (recorded) return answer(recorded);
      throw error;
    }
    try {
      const creation = await within(creationMsMax, insert(draft));
      if (creation === timedOut) throw creationOutcomeUnknown();
      return answer(creation);
    } catch (error) {
      throw toProblem(error, creationOutcomeUnknown);
    }
  };
}

function answer(creation: Creation): { order: CreatedOrder; hit: boolean } {
  switch (creation.kind) {
    case 'created':
      return { order: creation.order, hit: false };
    case 'replayed':
      return { order: creation.order, hit: true };
    case 'key-reused':
      throw new Problem(
        'idempotency-key-reuse',
        'This key belongs to an order with different items.',
      );
    case 'locked':
      throw new Problem('idempotency-key-in-use', inUse, {
        headers: { 'Retry-After': '1' },
      });
  }
}

/**
 * Fixes the prices.
 *
 * @throws Problem `unknown-product`, or `validation` for a total beyond what a number can hold
 */
function priceItems(
  items: OrderRequest['items'],
  found: Map<string, Product>,
): { lines: OrderLine[]; total: number } {
  const faults: Fault[] = [];
  const lines: OrderLine[] = [];
  let total = 0n;
  items.forEach(({ productId, quantity }, index) => {
    const product = found.get(productId);
    if (!product || product.retired) {
      const detail = product ? 'is no longer sold' : 'is not known';
      faults.push({ pointer: `/items/${String(index)}/productId`, detail });
      return;
    }
    total += product.price * BigInt(quantity);
    lines.push({ productId, quantity, unitPrice: Number(product.price) });
  });
  if (faults.length > 0) {
    throw new Problem('unknown-product', 'Some products cannot be ordered.', {
      extensions: { errors: faults },
    });
  }
  if (total > Number.MAX_SAFE_INTEGER) {
    throw invalidRequest([{ pointer: '/items', detail: 'cost more than an order may' }]);
  }
  return { lines, total: Number(total) };
}

import type { OrderQueries } from '../activities/order/queries';
import type { Catalogue } from '../activities/product/catalogue';
import { timeOver, within } from './deadline';
import type { ShortProduct } from './problems';

/** Of an order's products those of which there is not enough now. Undefined when not known. */
export type ReadShortProducts = (orderId: string) => Promise<ShortProduct[] | undefined>;

/** A refusal is told without its products rather than late. */
const readMsMax = 1_000;

/**
 * What was short when an order was refused is not recorded, only that something was. The stock as
 * it is now tells it where nothing has been sold or delivered since.
 */
export function createShortProductsReader(
  orders: Pick<OrderQueries, 'byId'>,
  products: Pick<Catalogue, 'byIds'>,
): ReadShortProducts {
  const read = async (orderId: string): Promise<ShortProduct[]> => {
    const { lines = [] } = (await orders.byId(orderId)) ?? {};
    const found = await products.byIds(lines.map(({ productId }) => productId));
    return lines.flatMap(({ productId, quantity }) => {
      const available = Number(found.get(productId)?.available ?? 0);
      return available < quantity ? [{ productId, quantity, available }] : [];
    });
  };
  return async (orderId) => {
    try {
      const short = await within(readMsMax, read(orderId));
      return short === timeOver ? undefined : short;
    } catch {
      return undefined;
    }
  };
}

const namedMax = 3;

/** A sentence that names them. */
export function shortSentence(short: readonly ShortProduct[]): string {
  const named = short.slice(0, namedMax).map(({ productId }) => productId);
  const more = short.length - named.length;
  const names = [...named, ...(more > 0 ? [`${String(more)} more`] : [])];
  const list = [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '');
  return `By the stock as it is now, there is not enough of ${list.join(' and ')}.`;
}

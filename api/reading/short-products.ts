import type { OrderQueries } from '../../activities/order/queries';
import type { Catalogue } from '../../activities/product/catalogue';
import { timedOut, within } from '../deadline';
import type { ShortProduct } from '../http/problems';

/** The order's products that are short of stock now. Undefined if unknown. */
export type ReadShortProducts = (orderId: string) => Promise<ShortProduct[] | undefined>;

/** After this time a refusal is answered without its products. */
const readMsMax = 1_000;

/**
 * A refusal does not record which products were short. The current stock shows them, unless
 * something was sold or delivered since.
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
      return short === timedOut ? undefined : short;
    } catch {
      return undefined;
    }
  };
}

const namedMax = 3;

/** A sentence that names the products. */
export function shortSentence(short: readonly ShortProduct[]): string {
  const named = short.slice(0, namedMax).map(({ productId }) => productId);
  const more = short.length - named.length;
  const names = [...named, ...(more > 0 ? [`${String(more)} more`] : [])];
  const list = [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '');
  return `Currently short of stock: ${list.join(' and ')}.`;
}

import { customerId, productId, seededWorld } from '../../migrations/seed';
import type { LoadOrder } from './order-file';
import { seededRandom, weightedIndex, wholeNumber, type Random } from './random';

/**
 * Shares of orders that are made to fail, in the seeded world: for a while only the first few of
 * a scarce product's orders can succeed, the others' never can.
 */
const scarceShare = 0.01;
const soldOutShare = 0.01;
const poorShare = 0.015;

/** How steeply popularity falls: the n-th product is bought in proportion to 1 / n^0.9. */
const popularityExponent = 0.9;
/** How often a basket has 1, 2, 3, 4, 5 lines. */
const basketSizes = [40, 25, 18, 11, 6];
/** How often a line has 1, 2, 3 pieces; the rest has 4 to 10. */
const smallQuantities = [70, 18, 7, 5];
const quantityMax = 10;

const plentifulProducts = seededWorld.firstScarceProduct - 1;
const richCustomers = seededWorld.firstPoorCustomer - 1;
const poorCustomers = seededWorld.customers - richCustomers;
const scarceProducts = seededWorld.products - seededWorld.firstScarceProduct;

const popularProduct = weightedIndex(
  Array.from({ length: plentifulProducts }, (_, i) => 1 / (i + 1) ** popularityExponent),
);
const basketSize = weightedIndex(basketSizes);
const quantityClass = weightedIndex(smallQuantities);

/**
 * Orders as customers of the seeded world might place them, the same for the same seed: popular
 * products sell more, baskets and quantities are small, and a few percent cannot succeed.
 *
 * @param seed a whole number from 0 to 2^32 - 1
 */
export function* generateOrders(count: number, seed: number): Generator<LoadOrder> {
  const random = seededRandom(seed);
  for (let n = 0; n < count; n += 1) yield generateOrder(random);
}

function generateOrder(random: Random): LoadOrder {
  const kind = random();
  const customer = customerId(wholeNumber(random, 1, richCustomers));
  const items = basket(random);
  if (kind < scarceShare) {
    const product = seededWorld.firstScarceProduct + wholeNumber(random, 0, scarceProducts - 1);
    const quantity = wholeNumber(random, 1, seededWorld.scarceStock);
    items[0] = { productId: productId(product), quantity };
  } else if (kind < scarceShare + soldOutShare) {
    items[0] = { productId: productId(seededWorld.products), quantity: 1 };
  } else if (kind < scarceShare + soldOutShare + poorShare) {
    const poor = seededWorld.firstPoorCustomer + wholeNumber(random, 0, poorCustomers - 1);
    // No price is below 1, so that more pieces than points cannot be paid.
    const [first] = items;
    if (first) first.quantity = seededWorld.poorPoints + wholeNumber(random, 1, quantityMax);
    return { customerId: customerId(poor), items };
  }
  return { customerId: customer, items };
}

function basket(random: Random): LoadOrder['items'] {
  const size = basketSize(random) + 1;
  const products = new Set<number>();
  while (products.size < size) products.add(popularProduct(random) + 1);
  return [...products].map((product) => ({
    productId: productId(product),
    quantity: quantity(random),
  }));
}

function quantity(random: Random): number {
  const small = quantityClass(random) + 1;
  return small < smallQuantities.length ? small : wholeNumber(random, small, quantityMax);
}

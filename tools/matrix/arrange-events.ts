import type { Arrangement } from './arrangement';
import { product } from '../../contracts/participants/product';
import { fill, plenty } from './orders';
import { until } from './until';

/** The event that is parked where the order's product is gone. */
export function placedEvent(orderId: string): string {
  return `${orderId}:OrderPlaced`;
}

/** Its product is there again, and an operator lets the parked event be tried again. */
export const released: Arrangement = {
  async waits({ stack, subject, caller }) {
    await until('its event is parked', async () => (await caller.row()).status === 'PENDING');
    await fill(stack, product, { [subject.balances.product]: plenty });
  },
  go(cell) {
    cell.operate((caller) => caller.releaseEvent(placedEvent(cell.subject.orderId)));
    return Promise.resolve();
  },
};

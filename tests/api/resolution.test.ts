import type { OrderDetail } from '../../activities/order/queries';
import { resolve } from '../../api/resolution';

it('does not deny a finished resolution if the order cannot be read afterwards', async () => {
  let reads = 0;
  const order = { status: 'PENDING', pattern: 'tcc' } as OrderDetail;
  const orders = {
    lastResolution: () => Promise.resolve({ number: 0 }),
    byId: () => {
      reads += 1;
      const lost = Object.assign(new Error('gone'), { code: 'PROTOCOL_CONNECTION_LOST' });
      return reads === 1 ? Promise.resolve(order) : Promise.reject(lost);
    },
  };
  const request = { orderId: 'o-1', action: 'cancel', reason: 'a call', operator: 'olga' } as const;
  const readSteps = () => Promise.resolve({ steps: [] });
  const resolutions = {
    run: () => Promise.resolve('cancelled' as const),
    isOpen: () => Promise.resolve(false),
  };
  const answer = resolve({ orders, readSteps, resolutions }, request);
  await expect(answer).rejects.toThrow('outcome-unknown: The request may have been');
  expect(reads).toBe(2);
});

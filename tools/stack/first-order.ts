import { randomUUID } from 'node:crypto';
import type { RunningStack } from './state';
import { mintToken } from './token';

interface Order {
  orderId: string;
  status: string;
}

const msMax = 30_000;
const pollMs = 200;

export const firstCustomer = 'c-00001';

/**
 * Places one order through the API, as a customer would, and waits until it is COMPLETED: proof
 * that the API, Temporal, the databases and all workers that the saga needs do their work.
 *
 * @returns the order's id.
 * @throws Error with the API's answer when the order does not complete in 30 s.
 */
export async function placeFirstOrder(stack: RunningStack): Promise<string> {
  const token = await mintToken(stack, { customerId: firstCustomer });
  const call = async (method: string, path: string, body?: unknown): Promise<Order> => {
    const response = await fetch(`${stack.apiUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(msMax),
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as Order;
    throw new Error(`The first order failed: ${String(response.status)} ${text}`);
  };
  const items = [{ productId: 'p-0001', quantity: 1 }];
  const { orderId } = await call('POST', '/orders', { items });
  let order = await call('POST', `/orders/${orderId}/place`, {});
  const deadline = Date.now() + msMax;
  while (order.status !== 'COMPLETED') {
    if (Date.now() > deadline || order.status === 'CANCELLED') {
      throw new Error(`The first order, ${orderId}, did not complete: it is ${order.status}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    order = await call('GET', `/orders/${orderId}`);
  }
  return orderId;
}

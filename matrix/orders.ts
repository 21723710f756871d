import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOrderIntake } from '../activities/order/intake';
import { defaultTiming, type StepTiming } from '../contracts/limits';
import { orderWorkflows, taskQueues } from '../contracts/names';
import type { Pattern } from '../contracts/order';
import type { PlaceOrdersInput } from '../contracts/workflows';
import { mintToken } from '../scripts/stack/token';
import type { OrderPlan, Scenario } from './scenarios';
import type { MatrixStack } from './stack';
import { tuning } from './tuning';

/** One order of a cell: rows of its own, so that cells beside each other do not meet. */
export interface CellOrder {
  plan: OrderPlan;
  orderId: string;
  customerId: string;
  productId: string;
}

const plenty = 1_000_000;

/** As the processes are told by their environment, for workflows that a cell starts itself. */
const timing: StepTiming = {
  ...defaultTiming,
  attemptMsMax: Number(tuning.ATTEMPT_MS_MAX),
  actionMsMax: Number(tuning.ACTION_MS_MAX),
  firstRetryMs: Number(tuning.FIRST_RETRY_MS),
  compensationAttemptsMax: Number(tuning.COMPENSATION_ATTEMPTS_MAX),
  confirmAttemptsMax: Number(tuning.CONFIRM_ATTEMPTS_MAX),
};

/** Puts on the shelves what the scenario's orders need, or lack, and creates them by the API. */
export async function createOrders(stack: MatrixStack, scenario: Scenario): Promise<CellOrder[]> {
  const cell = randomUUID().slice(0, 8);
  const shared = `m-${cell}-shared`;
  const drafts = scenario.orders.map((plan, i) => ({
    plan,
    customerId: `m-${cell}-c${String(i)}`,
    productId: `m-${cell}-p${String(i)}`,
  }));
  const product = (product_id: string, available: number) => ({
    product_id,
    name: product_id,
    price: 1,
    available,
    opening: available,
  });
  await stack.databases
    .product('products')
    .insert([
      product(shared, plenty),
      ...drafts.map(({ productId, plan: { kind } }) =>
        product(productId, kind === 'short-of-stock' ? 0 : plenty),
      ),
    ]);
  await stack.databases.point('point_accounts').insert(
    drafts.map(({ customerId, plan: { kind } }) => {
      const points = kind === 'short-of-points' ? 0 : plenty;
      return { customer_id: customerId, available: points, opening: points };
    }),
  );
  const orders = await Promise.all(
    drafts.map(async (draft) => {
      const items = [draft.productId, shared].map((productId) => ({ productId, quantity: 1 }));
      const { orderId } = await ask(stack, draft.customerId, 'POST', '/orders', { items });
      return { ...draft, orderId: String(orderId) };
    }),
  );
  const gone = orders.filter(({ plan }) => plan.kind === 'broken');
  // Its product is deleted behind the product service's back: a bug that no step expects.
  await stack.databases
    .product('products')
    .whereIn(
      'product_id',
      gone.map(({ productId }) => productId),
    )
    .delete();
  return orders;
}

/** Begins what the scenario begins with; what a caller is told is told when there is one. */
export async function begin(
  stack: MatrixStack,
  scenario: Scenario,
  orders: CellOrder[],
  patience: Partial<StepTiming> = {},
): Promise<{ answered: Promise<Answer | undefined> }> {
  const direct = scenario.start !== 'place' || Object.keys(patience).length > 0;
  if (!direct) {
    const [order] = orders;
    if (!order) throw new Error('A scenario without an order');
    const answered = place(stack, order, scenario.pattern);
    answered.catch(() => undefined);
    return { answered };
  }
  const owner = `place-${randomUUID()}`;
  const ids = orders.map(({ orderId }) => orderId);
  const claimed = await stack.databases.order.transaction(async (trx) => {
    const claims = await createOrderIntake(trx).claimOrders(ids, owner, scenario.pattern);
    // Of events it is what was handed over, and lost, that leaves an order with nobody.
    if (scenario.start === 'abandoned') {
      await trx('outbox')
        .whereIn('order_id', ids)
        .update({ sent_at: trx.fn.now(6) });
    }
    return claims.claimed;
  });
  if (claimed.length !== orders.length) throw new Error('An order of this cell is another’s');
  if (scenario.start !== 'abandoned' && scenario.pattern !== 'choreography') {
    const input: PlaceOrdersInput = { orders: claimed, timing: { ...timing, ...patience } };
    await stack.temporal.workflow.start(orderWorkflows[scenario.pattern], {
      workflowId: owner,
      taskQueue: taskQueues.workflow,
      args: [input],
    });
  }
  return { answered: Promise.resolve(undefined) };
}

/** Places an order and waits for its outcome, once. */
export function place(
  stack: MatrixStack,
  { orderId, customerId }: CellOrder,
  pattern: Pattern,
): Promise<Answer> {
  return ask(stack, customerId, 'POST', `/orders/${orderId}/place`, { pattern });
}

/** A caller who does not give up: what a client makes of an answer that never came. */
export async function insist<T>(
  call: () => Promise<T>,
  isOver: () => boolean = () => false,
): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (Date.now() > deadline || isOver()) throw error;
      await sleep(200);
    }
  }
}

/** What the API has answered: its status, and the body's own fields. */
export type Answer = Record<string, unknown> & { httpStatus: number };

/** Asks the API as a customer; throws on a connection's error and on a 5xx, as a client would. */
export async function ask(
  stack: MatrixStack,
  customerId: string,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<Answer> {
  const token = await mintToken(stack.running, { customerId });
  const answer = await fetch(`${stack.running.apiUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(path === '/orders' && { 'idempotency-key': randomUUID() }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (answer.status >= 500) throw new Error(`${method} ${path}: ${String(answer.status)} ${text}`);
  return { httpStatus: answer.status, ...(JSON.parse(text) as object) };
}

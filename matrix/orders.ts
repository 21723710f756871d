import { randomUUID } from 'node:crypto';
import { createOrderIntake } from '../activities/order/intake';
import { defaultTiming, type StepTiming } from '../contracts/limits';
import { taskQueues } from '../contracts/names';
import { patternRows } from '../contracts/patterns';
import type { PlaceOrdersInput } from '../contracts/workflows';
import { mintToken, type TokenSubject } from '../scripts/stack/token';
import type { Caller } from './caller';
import type { OrderPlan, Scenario } from './scenarios';
import type { MatrixStack } from './stack';
import type { Answer } from './told';
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
export const timing: StepTiming = {
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
  await shelve(stack, [shared, ...productsOf(drafts, false)]);
  await shelve(stack, productsOf(drafts, true), 0);
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

function productsOf(drafts: readonly { productId: string; plan: OrderPlan }[], lacking: boolean) {
  return drafts
    .filter(({ plan }) => (plan.kind === 'short-of-stock') === lacking)
    .map(({ productId }) => productId);
}

/** Puts products on the shelves, so many pieces of each. */
export async function shelve(
  stack: MatrixStack,
  productIds: readonly string[],
  available = plenty,
): Promise<void> {
  if (productIds.length === 0) return;
  await stack.databases.product('products').insert(
    productIds.map((product_id) => ({
      product_id,
      name: product_id,
      price: 1,
      available,
      opening: available,
    })),
  );
}

/** Begins what the scenario begins with; what a caller is told is told when there is one. */
export async function begin(
  stack: MatrixStack,
  scenario: Scenario,
  orders: CellOrder[],
  caller: Caller,
  patience: Partial<StepTiming> = {},
): Promise<{ answered: Promise<Answer | undefined> }> {
  const direct = scenario.start !== 'place' || Object.keys(patience).length > 0;
  if (!direct) {
    const answered = caller.place();
    answered.catch(() => undefined);
    return { answered };
  }
  caller.claimedBesides = true;
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
  const { begins, workflow } = patternRows[scenario.pattern];
  if (scenario.start !== 'abandoned' && begins !== 'by-event') {
    const input: PlaceOrdersInput = { orders: claimed, timing: { ...timing, ...patience } };
    await stack.temporal.workflow.start(workflow, {
      workflowId: owner,
      taskQueue: taskQueues.workflow,
      args: [input],
    });
  }
  return { answered: Promise.resolve(undefined) };
}

/** Asks the API as a customer; throws on a connection's error and on a 5xx, as a client would. */
export async function ask(
  stack: MatrixStack,
  customerId: string,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<Answer> {
  const answer = await send(stack, { customerId }, method, path, body);
  if (answer.httpStatus < 500) return answer;
  throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
}

/** Asks the API once; throws only where no whole answer arrives. */
export async function send(
  stack: MatrixStack,
  subject: TokenSubject,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<Answer> {
  const token = await mintToken(stack.running, subject);
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
  const location = answer.headers.get('location');
  return { ...(JSON.parse(text) as object), httpStatus: answer.status, location };
}

import { randomUUID } from 'node:crypto';
import { createOrderIntake } from '../../activities/order/intake';
import { defaultTiming, type StepTiming } from '../../contracts/limits';
import { taskQueues } from '../../contracts/names';
import { orderTerms, type PlacedOrder } from '../../contracts/order';
import {
  participants,
  type ParticipantName,
  type RegisteredParticipant,
} from '../../contracts/participants';
import { product } from '../../contracts/participants/product';
import { patternRows } from '../../contracts/patterns';
import type { PlaceOrdersInput } from '../../contracts/workflows';
import { mintToken, type TokenSubject } from '../stack/token';
import type { Caller } from './caller';
import { shortOf, type OrderPlan, type Scenario } from './scenarios';
import type { MatrixStack } from './stack';
import type { Answer } from './told';
import { tuning } from './tuning';

/** One order of a cell: rows of its own, so that cells beside each other do not meet. */
export interface CellOrder {
  plan: OrderPlan;
  orderId: string;
  customerId: string;
  /** The balance of each participant's that it needs, where it needs several its own. */
  balances: Record<ParticipantName, string>;
}

export const plenty = 1_000_000;

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
  const drafts = scenario.orders.map((plan, i) => ({ plan, order: sketch(cell, i) }));
  for (const participant of participants) {
    const balances: Record<string, number> = {};
    for (const { plan, order } of drafts) {
      const [own, ...more] = owedBy(participant, order);
      for (const id of more) balances[id] = plenty;
      balances[own] = plan.kind === shortOf(participant).kind ? 0 : plenty;
    }
    await fill(stack, participant, balances);
  }
  const orders = await Promise.all(
    drafts.map(async ({ plan, order }): Promise<CellOrder> => {
      const { customerId, terms } = order;
      const items = order.lines.map(({ productId, quantity }) => ({ productId, quantity }));
      const request = { items, ...terms };
      const { orderId } = await ask(stack, customerId, 'POST', '/orders', request);
      const own = participants.map((one) => [one.name, owedBy(one, order)[0]]);
      const balances = Object.fromEntries(own) as CellOrder['balances'];
      return { plan, orderId: String(orderId), customerId, balances };
    }),
  );
  const gone = orders.filter(({ plan }) => plan.kind === 'broken');
  // Its product is deleted behind the product service's back: a bug that no step expects.
  await stack.databases
    .product(product.books.balances)
    .whereIn(
      product.books.key,
      gone.map(({ balances }) => balances.product),
    )
    .delete();
  return orders;
}

/**
 * An order of two products, as it will be when the API has created it. It says everything that an
 * order may say, so that every participant has something to take.
 */
function sketch(cell: string, index: number): PlacedOrder {
  const own = (what: string) => `m-${cell}-${what}${String(index)}`;
  const lines = [own('p'), `m-${cell}-shared`].map((productId) => ({
    productId,
    quantity: 1,
    unitPrice: 1,
  }));
  const terms = Object.fromEntries(orderTerms.map((term) => [term, own(term)]));
  return { orderId: '', customerId: own('c'), lines, total: lines.length, terms };
}

/** The balances that an order takes from; the first is its own. */
function owedBy({ name, owes, command }: RegisteredParticipant, order: PlacedOrder) {
  const [own, ...more] = owes(command(order)).map(({ id }) => id);
  if (own === undefined) throw new Error(`An order of the matrix takes nothing from ${name}`);
  return [own, ...more] as const;
}

/** Gives balances to a participant, each with what there is of it. */
export async function fill(
  stack: MatrixStack,
  { name, books }: RegisteredParticipant,
  balances: Readonly<Record<string, number>>,
): Promise<void> {
  const rows = Object.entries(balances).map(([id, available]) => ({
    [books.key]: id,
    available,
    opening: available,
    // What the catalogue says of it besides.
    ...(name === product.name && { name: id, price: 1 }),
  }));
  await stack.databases[name](books.balances).insert(rows);
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

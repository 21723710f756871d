import { audit } from '../../audit/audit';
import type { Fault } from './faults';
import { Injection } from './injection';
import { rowOf } from './caller';
import { ask, createOrders, type CellOrder } from './orders';
import type { End, OrderPlan } from './scenarios';
import type { MatrixStack } from './stack';
import type { Step } from './step';
import { isWholeTruth, type OrderRow } from './told';
import { until } from './until';

/** One fault in one step. */
export interface Cell {
  step: Step;
  fault: Fault;
}

/** Many orders are adopted one by one. */
const endMsMax = { one: 30_000, many: 60_000 };
const answerMsMax = 5_000;

export interface CellResult {
  step: string;
  fault: string;
  ok: boolean;
  /** Why it is not. */
  error?: string;
  begunAt: number;
  ms: number;
}

export function nameOf({ name, at }: Pick<Fault, 'name' | 'at'>): string {
  return `${name}, ${at}`;
}

/** Puts the fault into the step, waits for the end, and has the business's truth proved. */
export async function runCell(stack: MatrixStack, cell: Cell): Promise<CellResult> {
  const { step, fault } = cell;
  const begunAt = Date.now();
  const named = { step: step.name, fault: nameOf(fault), begunAt };
  try {
    await attempt(stack, cell);
    return { ...named, ok: true, ms: Date.now() - begunAt };
  } catch (error) {
    return { ...named, ok: false, error: describe(error), ms: Date.now() - begunAt };
  }
}

async function attempt(stack: MatrixStack, { step, fault }: Cell): Promise<void> {
  const orders = await createOrders(stack, step.scenario);
  const injection = new Injection(stack, step, orders, fault.patience?.(step));
  try {
    await injection.prepare();
    await fault.inject(injection);
    const told = injection.insist();
    const gone = injection.letGo();
    for (const one of [told, gone]) one.catch(() => undefined);
    const ended = await Promise.all(
      orders.map((order) =>
        ends(
          injection,
          order,
          promisedEnds({ step, fault }, order.plan, order === injection.subject),
          orders.length > 1 ? endMsMax.many : endMsMax.one,
        ),
      ),
    );
    await Promise.all([told, gone, injection.finish()]);
    await checkWindow(injection, fault);
    await checkAnswers(injection);
    await checkTruth(stack, injection.subject, ended);
    await release(injection);
  } finally {
    injection.close();
  }
}

/** How an order of this cell may end. */
export function promisedEnds({ step, fault }: Cell, plan: OrderPlan, isSubject: boolean): End[] {
  return step.ends?.[nameOf(fault)] ?? fault.ends?.(step, plan, isSubject) ?? [plan.end];
}

/** An order, and how it has ended. */
interface Ended {
  orderId: string;
  end: End;
}

/** Waits for one of the ends that are allowed; another that never changes is not waited on. */
async function ends(
  injection: Injection,
  { orderId }: CellOrder,
  allowed: End[],
  msMax: number,
): Promise<Ended> {
  let last: OrderRow | undefined;
  const fits = (row: OrderRow) =>
    allowed.find(
      (end) =>
        end.status === row.status && (end.status !== 'CANCELLED' || end.reason === row.reason),
    );
  const hasEnded = (row: OrderRow) => row.status === 'COMPLETED' || row.status === 'CANCELLED';
  let timeout: unknown;
  try {
    const look = async () => {
      // Another order of the cell has failed it.
      if (injection.isClosed) return true;
      last = await rowOf(injection.stack, orderId);
      return fits(last) !== undefined || hasEnded(last);
    };
    await until(`${orderId} ends`, look, msMax);
  } catch (error) {
    timeout = error;
  }
  const end = last && fits(last);
  if (end) return { orderId, end };
  const wanted = allowed.map((end) => Object.values(end).join(' ')).join(' or ');
  const is = `${String(last?.status)} ${last?.reason ?? ''}`;
  throw new Error(`${orderId} is ${is} and was promised to be ${wanted}`, { cause: timeout });
}

/** The transaction that was caught was this step's, and no other of the same order. */
async function checkWindow({ windows, step }: Injection, fault: Fault): Promise<void> {
  for (const { spec, said } of windows) {
    // At its begin a transaction has not said yet what it does; then the one that was tried again has.
    const wrong = said.find((one) => spec.position !== 'begin' && !step.effect.test(one));
    if (wrong !== undefined) throw new Error(`What was caught is not ${step.name}: ${wrong}`);
  }
  if (fault.effectless?.(step)) return;
  for (const { committed } of windows) {
    // What it did is seen in the database before its answer has come back here.
    await until(
      `what was caught is seen to be ${step.name}`,
      () => committed.some((transaction) => step.effect.test(transaction)),
      answerMsMax,
    );
  }
}

/** Every answer was true; and who asks again now is told how the order has ended. */
async function checkAnswers({ caller, subject }: Injection): Promise<void> {
  await caller.checkAnswers();
  const answer = await caller.insist(() => caller.place());
  const end = await caller.row();
  if (isWholeTruth(answer, end)) return;
  const { status, reason } = end;
  const is = `${status} ${reason ?? ''}`;
  throw new Error(`${subject.orderId} is ${is}, and its caller was told ${JSON.stringify(answer)}`);
}

/** What the API says, what the ledgers say, and what the auditor says. */
async function checkTruth(stack: MatrixStack, subject: CellOrder, ended: Ended[]) {
  const row = await rowOf(stack, subject.orderId);
  const said = await ask(stack, subject.customerId, 'GET', `/orders/${subject.orderId}`);
  const { status } = said;
  if (status !== row.status) {
    throw new Error(`${subject.orderId} is ${row.status}, and the API says ${String(status)}`);
  }
  await checkAlerts(stack, ended);
  const report = await audit(stack.audit);
  const [violation] = report.violations;
  if (violation) throw new Error(`The auditor found ${JSON.stringify(violation)}`);
}

/** Somebody was told what was promised of each order that waits, and of no other any more. */
async function checkAlerts(stack: MatrixStack, ended: Ended[]): Promise<void> {
  const ids = ended.map(({ orderId }) => orderId);
  const promised = ended.flatMap(({ orderId, end }) =>
    end.status === 'PENDING' ? [`${orderId} ${end.alert}`] : [],
  );
  await until(`the open alerts are: ${promised.join(', ') || 'none'}`, async () => {
    const open = await stack.databases
      .order('alerts')
      .whereIn('order_id', ids)
      .whereNull('resolved_at')
      .select('order_id', 'kind');
    const told = open.map(({ order_id, kind }) => `${order_id} ${kind}`);
    return told.sort().join() === promised.sort().join();
  });
}

/** An order that waits for an operator ends by its customer's cancel: everything is given back. */
async function release({ stack, orders, subject, caller }: Injection): Promise<void> {
  for (const { orderId, customerId } of orders) {
    if ((await rowOf(stack, orderId)).status !== 'PENDING') continue;
    if (orderId === subject.orderId) await caller.insist(() => caller.cancel());
    else await ask(stack, customerId, 'POST', `/orders/${orderId}/cancel`, {});
    await until(`${orderId} is cancelled by its customer`, async () => {
      return (await rowOf(stack, orderId)).status === 'CANCELLED';
    });
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.message}${cause}`;
}

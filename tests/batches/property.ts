import fc from 'fast-check';
import type { CancelOutcome } from '../../activities/order/intake';
import type { CompensationStep } from '../../contracts/participants';
import { arbitraryScenario, type Happening, type Operation, type Scenario } from './happenings';
import { checkRow, checkTransition } from './invariants';
import { begin, orderIdOf, readRows, type OrderRow, type OrderService } from './service';

/**
 * "One owner, one decision" for batches, as one property. Overlapping batches are claimed,
 * cancelled, decided, held, registered, closed and adopted, at once, in any order and twice. The
 * rows keep their promises, every answer equals the row, and every order can be ended.
 */

type Rows = Map<string, OrderRow>;

type Answer =
  | { kind: 'claimed'; owner: string; asked: string[]; claimed: string[]; locked: string[] }
  | { kind: 'cancel'; orderId: string; outcome: CancelOutcome | undefined }
  | { kind: 'decided'; decisions: [orderId: string, decision: string][] }
  | { kind: 'adopted'; orderId: string; from: string; to: string; won: boolean }
  | { kind: 'nothing' };

const nothing: Answer = { kind: 'nothing' };
const adopters = ['adopt-x', 'adopt-y', 'adopt-z'];

/** Rejects, with fast-check's seed and path in the message, if a promise is broken. */
export async function checkOrders(service: OrderService, runs: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(arbitraryScenario(), (scenario) => play(service, scenario)),
    { numRuns: runs, endOnFailure: true, includeErrorInReport: true },
  );
}

async function play(service: OrderService, { orderCount, happenings }: Scenario): Promise<void> {
  await begin(service, orderCount);
  let rows = await readRows(service);
  for (const happening of happenings) {
    const before = rows;
    const answers = await happen(service, before, happening);
    rows = await readRows(service);
    checkAll(before, rows, answers);
  }
  await endEverything(service, rows);
  checkAll(rows, await readRows(service), []);
}

async function happen(service: OrderService, rows: Rows, happening: Happening): Promise<Answer[]> {
  const all = happening.map(async ({ operation, replyLost }) => {
    const first = await run(service, rows, operation);
    return replyLost ? [...first, ...(await run(service, rows, operation))] : first;
  });
  return (await Promise.all(all)).flat();
}

/**
 * Does what the protocol permits of an operation, given what its caller has read: only an owner
 * decides and holds, and registers or closes only after it has read CANCEL back.
 */
async function run(service: OrderService, rows: Rows, operation: Operation): Promise<Answer[]> {
  const { activities, intake } = service;
  const row = (order: number) => rows.get(orderIdOf(order));
  const isOwned = (order: number) => row(order)?.owner != null;
  const isLost = (order: number) => isOwned(order) && row(order)?.decision === 'CANCEL';
  switch (operation.kind) {
    case 'claim':
      return [await claim(service, operation.owner, operation.orders.map(orderIdOf))];
    case 'cancel': {
      const orderId = orderIdOf(operation.order);
      return [{ kind: 'cancel', orderId, outcome: await intake.cancelOrder(orderId) }];
    }
    case 'decide':
      return [
        await decide(
          service,
          operation.verdicts.filter(({ order }) => isOwned(order)),
        ),
      ];
    case 'hold':
      await activities.holdOrders(
        operation.orders.filter(isOwned).map((order) => ({
          orderId: orderIdOf(order),
          code: 'unknown-product',
          step: 'deductStock',
        })),
      );
      return [];
    case 'register':
      await activities.registerCompensations(
        operation.rows
          .filter(({ order }) => isLost(order))
          .map(({ order, step }) => ({ orderId: orderIdOf(order), step, error: 'away' })),
      );
      return [];
    case 'record':
      await activities.recordCompensations(
        operation.rows
          .filter(({ order, step }) => row(order)?.registered.includes(step))
          .map(({ order, step, madeGood }) => ({
            orderId: orderIdOf(order),
            step,
            ...(!madeGood && { error: 'still away' }),
          })),
      );
      return [];
    case 'close':
      await activities.closeOrders(operation.orders.filter(isLost).map(orderIdOf));
      return [];
    case 'adopt':
      return Promise.all(adopters.map((to) => adopt(service, row(operation.order), to)));
  }
}

async function claim({ intake }: OrderService, owner: string, asked: string[]): Promise<Answer> {
  const { claimed, locked } = await intake.claimOrders(asked, owner, 'saga');
  return { kind: 'claimed', owner, asked, claimed: claimed.map((o) => o.orderId), locked };
}

async function decide(
  { activities }: OrderService,
  verdicts: Extract<Operation, { kind: 'decide' }>['verdicts'],
): Promise<Answer> {
  const decisions = await activities.decideOrders(
    verdicts.map(({ order, decision, reason, nothingTaken }) => ({
      orderId: orderIdOf(order),
      decision,
      ...(decision === 'CANCEL' && { reason, nothingTaken }),
    })),
  );
  expect(decisions).toHaveLength(verdicts.length);
  return {
    kind: 'decided',
    decisions: verdicts.map(({ order }, i) => [orderIdOf(order), decisions[i] ?? 'none']),
  };
}

async function adopt(
  { activities }: OrderService,
  row: OrderRow | undefined,
  to: string,
): Promise<Answer> {
  if (!row?.owner || row.owner === to) return nothing;
  const { order_id: orderId, owner: from } = row;
  const orphan = { orderId, owner: from, pattern: 'saga', lines: 1 } as const;
  const won = (await activities.adoptOrder([orphan], to)).length === 1;
  return { kind: 'adopted', orderId, from, to, won };
}

function checkAll(before: Rows, after: Rows, answers: Answer[]): void {
  for (const [orderId, row] of after) {
    checkRow(row);
    const was = before.get(orderId);
    if (!was) throw new Error(`${orderId} has come from nowhere`);
    const asked = answers.flatMap((answer) =>
      answer.kind === 'claimed' && answer.asked.includes(orderId) ? [answer.owner] : [],
    );
    const winners = answers.flatMap((answer) =>
      answer.kind === 'adopted' && answer.orderId === orderId && answer.won ? [answer.to] : [],
    );
    // All of them had read the same owner, so the compare-and-set has one winner.
    expect(new Set(winners).size).toBeLessThanOrEqual(1);
    checkTransition(was, row, { claimers: asked, adopters: winners });
  }
  for (const answer of answers) checkAnswer(before, after, answer);
}

function checkAnswer(before: Rows, after: Rows, answer: Answer): void {
  switch (answer.kind) {
    case 'claimed':
      expect(answer.locked).toEqual([]);
      for (const orderId of answer.asked) {
        // A claim never changes an owner, and its answer names the owner.
        const wasMine = before.get(orderId)?.owner === answer.owner;
        const isMine = after.get(orderId)?.owner === answer.owner;
        if (isMine) expect(answer.claimed).toContain(orderId);
        else if (!wasMine) expect(answer.claimed).not.toContain(orderId);
      }
      return;
    case 'cancel':
      expect(after.get(answer.orderId)?.decision).toBe(
        answer.outcome === 'completed' ? 'COMPLETE' : 'CANCEL',
      );
      if (answer.outcome === 'cancelled') {
        expect(after.get(answer.orderId)?.status).toBe('CANCELLED');
      }
      return;
    case 'decided':
      for (const [orderId, decision] of answer.decisions) {
        expect([orderId, after.get(orderId)?.decision]).toEqual([orderId, decision]);
      }
      return;
    case 'adopted':
      if (answer.won) expect(after.get(answer.orderId)?.owner).not.toBe(answer.from);
      return;
    case 'nothing':
  }
}

/** The last steps of the owners, the drain and an operator, which end every claimed order. */
async function endEverything(service: OrderService, rows: Rows): Promise<void> {
  const { activities } = service;
  const owned = [...rows.values()].filter(({ owner }) => owner !== null);
  const ids = owned.map(({ order_id: orderId }) => orderId);
  const decisions = await activities.decideOrders(
    ids.map((orderId) => ({ orderId, decision: 'COMPLETE' })),
  );
  await activities.recordCompensations(
    owned.flatMap(({ order_id: orderId, registered }) =>
      registered.map((step) => ({ orderId, step: step as CompensationStep })),
    ),
  );
  await activities.closeOrders(ids.filter((_, i) => decisions[i] === 'CANCEL'));
  const after = await readRows(service);
  const open = ids.filter((id) => after.get(id)?.ended_at == null);
  expect(open).toEqual([]);
}

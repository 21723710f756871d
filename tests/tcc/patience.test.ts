import { defaultTiming } from '../../contracts/limits';
import { workflowTypes } from '../../contracts/names';
import type { AdoptedOrder, PlacedOrder } from '../../contracts/order';
import type { ResolutionAction } from '../../contracts/reservations';
import type { StepOutcome, TroubledOrder, DecisionRequest } from '../../contracts/steps';
import type {
  AgedInput,
  ForceResult,
  PlaceOrdersInput,
  PlaceOrdersResult,
  ResolveInput,
  ResolveResult,
  SweepResult,
} from '../../contracts/workflows';
import { skipTime, type SkippedTime } from '../support/skipped-time';

/** How long TCC and the three ends of its PENDING orders retry, with the product's real limits. */

const order: PlacedOrder = {
  orderId: 'o-1',
  customerId: 'anna',
  lines: [{ productId: 'apple', quantity: 1, unitPrice: 1 }],
  total: 1,
};
const unconfirmed: AdoptedOrder = { ...order, pattern: 'tcc', decision: 'COMPLETE' };
const hourMs = 3_600_000;

let time: SkippedTime;
/** What the order service received, and how often each participant's step was called. */
let verdicts: DecisionRequest[];
let alerts: TroubledOrder[];
let ended: string[];
let tries: Record<string, number>;

beforeAll(async () => {
  time = await skipTime();
});

afterAll(() => time.end());

beforeEach(() => {
  [verdicts, alerts, ended, tries] = [[], [], [], {}];
});

const answers = (kind: StepOutcome['kind']) => () => Promise.resolve([{ kind }]);
const done = answers('done');
const away = () => Promise.reject(new Error('away'));

type Mock = (...args: never[]) => Promise<unknown>;

/** All steps answer at once, except these. */
function activities(changes: Record<string, Mock>): Record<string, Mock> {
  const note = (what: string) => (orderIds: string[]) => {
    ended.push(...orderIds.map((orderId) => `${orderId} ${what}`));
    return Promise.resolve();
  };
  const order: Record<string, Mock> = {
    decideOrders: (given: DecisionRequest[]) => {
      verdicts.push(...given);
      return Promise.resolve(given.map(({ decision }) => decision));
    },
    readDecisions: () => Promise.resolve(['COMPLETE']),
    findUnconfirmed: () => Promise.resolve([unconfirmed]),
    completeOrders: note('completed'),
    closeOrders: note('closed'),
    alertOrders: (troubled: TroubledOrder[]) => {
      alerts.push(...troubled);
      return Promise.resolve();
    },
    openResolution: () => Promise.resolve({ number: 1, order: unconfirmed }),
    lastResolution: () => Promise.resolve(0),
    overturnDecision: () => Promise.resolve(true),
    resolveHeld: () => Promise.resolve(),
    noteRecovery: () => Promise.resolve(),
    closeResolution: (_workflowId: string, refused?: string) =>
      Promise.resolve(refused ?? (ended.length > 0 ? 'ended' : 'pending')),
  };
  const aged = () => Promise.resolve([{ orderId: 'o-1' }]);
  const verbs = ['try', 'confirm', 'cancel', 'freeze', 'thaw'];
  const steps = verbs.flatMap((verb) => [`${verb}Stock`, `${verb}Points`]);
  const all = {
    ...order,
    ...Object.fromEntries(steps.map((step) => [step, done])),
    agedStock: aged,
    agedPoints: aged,
    ...changes,
  };
  return Object.fromEntries(
    Object.entries<Mock>(all).map(([name, run]) => [
      name,
      (...args: never[]) => {
        tries[name] = (tries[name] ?? 0) + 1;
        return run(...args);
      },
    ]),
  );
}

const place = (changes: Record<string, Mock>) => {
  const input: PlaceOrdersInput = { orders: [order], timing: defaultTiming };
  return time.run<PlaceOrdersResult>(workflowTypes.placeByTcc, input, activities(changes));
};

const aged: AgedInput = { timing: defaultTiming, olderThanMs: 60_000, limit: 100 };
const force = (changes: Record<string, Mock>) =>
  time.run<ForceResult>(workflowTypes.forceConfirmations, aged, activities(changes));
const sweep = (changes: Record<string, Mock>) =>
  time.run<SweepResult>(workflowTypes.sweepReservations, aged, activities(changes));

const resolve = (action: ResolutionAction, changes: Record<string, Mock>) => {
  const why = { reason: 'the customer called', operator: 'olga' };
  const input: ResolveInput = { orderId: 'o-1', action, ...why, timing: defaultTiming };
  return time.run<ResolveResult>(workflowTypes.resolveOrder, input, activities(changes));
};

/** A step that is given up was retried for a minute, with a last pause of 5 s at most. */
function expectAMinute(tookMs: number): void {
  expect(tookMs).toBeGreaterThan(50_000);
  expect(tookMs).toBeLessThan(70_000);
}

describe('placing', () => {
  it('gives up a try after a minute, and cancels what it may have reserved', async () => {
    const { result, tookMs } = await place({ tryPoints: away });
    expect(result).toEqual({ completed: 0, cancelled: 1, pending: 0 });
    expect(verdicts).toMatchObject([{ decision: 'CANCEL', reason: 'unavailable' }]);
    expect(tries).toMatchObject({ cancelStock: 1, cancelPoints: 1 });
    expectAMinute(tookMs);
  });

  it('tries a confirm a few times, then raises an alert', async () => {
    const { result, tookMs } = await place({ confirmStock: away });
    expect(result).toEqual({ completed: 0, cancelled: 0, pending: 1 });
    expect(tries['confirmStock']).toBe(defaultTiming.confirmAttemptsMax);
    expect(alerts).toEqual([
      { orderId: 'o-1', kind: 'confirmation-failing', detail: 'confirmStock: away' },
    ]);
    // Pauses of 100, 200 and 400 ms between the four.
    expect(tookMs).toBeGreaterThanOrEqual(700);
    expect(tookMs).toBeLessThan(10_000);
  });

  it('never gives up the end of a confirmed order, even after an hour', async () => {
    const orders = time.awayFor(hourMs);
    const { result, tookMs } = await place({
      completeOrders: async () => {
        await orders();
        ended.push('o-1 completed');
      },
    });
    expect(result).toEqual({ completed: 1, cancelled: 0, pending: 0 });
    expect(tookMs).toBeGreaterThanOrEqual(hourMs);
  });
});

describe('forced confirmation', () => {
  it('tries once per run, and shows that the confirm still fails', async () => {
    const { result, tookMs } = await force({ confirmPoints: away });
    expect(result).toEqual({ completed: 0, pending: 1 });
    expect(tries).toMatchObject({ confirmStock: 1, confirmPoints: 1 });
    expect(alerts).toMatchObject([{ detail: 'confirmPoints: away' }]);
    expect(tookMs).toBeLessThan(10_000);
  });

  it('waits an hour for the order service, then confirms', async () => {
    const orders = time.awayFor(hourMs);
    const { result, tookMs } = await force({
      findUnconfirmed: async () => {
        await orders();
        return [unconfirmed];
      },
    });
    expect(result).toEqual({ completed: 1, pending: 0 });
    expect(ended).toEqual(['o-1 completed']);
    expect(tookMs).toBeGreaterThanOrEqual(hourMs);
  });
});

describe('the sweep', () => {
  it('asks the order service for a minute, then holds', async () => {
    const { result, tookMs } = await sweep({ readDecisions: away });
    expect(result).toEqual({ confirmed: 0, cancelled: 0, held: 2 });
    expect(tries['confirmStock']).toBeUndefined();
    expectAMinute(tookMs);
  });

  it('asks a participant a few times, then continues with the other', async () => {
    const { result, tookMs } = await sweep({ agedStock: away });
    expect(result).toEqual({ confirmed: 1, cancelled: 0, held: 0 });
    expect(tries['agedStock']).toBe(defaultTiming.confirmAttemptsMax);
    expect(tookMs).toBeGreaterThanOrEqual(700);
    expect(tookMs).toBeLessThan(10_000);
  });

  it('tries a confirm a few times, and a frozen reservation once per run', async () => {
    const { result, tookMs } = await sweep({
      confirmStock: away,
      confirmPoints: answers('frozen'),
    });
    expect(result).toEqual({ confirmed: 0, cancelled: 0, held: 2 });
    expect(tries).toMatchObject({
      confirmStock: defaultTiming.confirmAttemptsMax,
      confirmPoints: 1,
    });
    expect(tookMs).toBeLessThan(10_000);
  });
});

describe('an operator’s resolution', () => {
  it('retries a frozen reservation after each pause, then leaves the order PENDING', async () => {
    const { result, tookMs } = await resolve('confirm', { confirmStock: answers('frozen') });
    expect(result).toEqual({ outcome: 'pending' });
    expect(tries).toMatchObject({ thawStock: 1, confirmStock: defaultTiming.confirmAttemptsMax });
    expect(alerts).toMatchObject([{ detail: 'confirmStock: frozen by an operator' }]);
    const pausesMs = (defaultTiming.confirmAttemptsMax - 1) * defaultTiming.retryMsMax;
    expect(tookMs).toBeGreaterThanOrEqual(pausesMs);
    expect(tookMs).toBeLessThan(pausesMs + 5_000);
  });

  it('gives up a freeze after a minute, and thaws without a time limit', async () => {
    const points = time.awayFor(hourMs);
    const { result, tookMs } = await resolve('cancel', {
      freezePoints: away,
      thawPoints: async () => {
        await points();
        return done();
      },
    });
    expect(result).toEqual({ outcome: 'unsafe' });
    expect(tries).toMatchObject({ freezeStock: 1, thawStock: 1 });
    expect([tries['overturnDecision'], tries['cancelStock']]).toEqual([undefined, undefined]);
    expect(tookMs).toBeGreaterThanOrEqual(hourMs + 50_000);
    expect(tookMs).toBeLessThan(hourMs + 80_000);
  });
});

import type { AuditReport } from '../../audit/audit';
import type { Outcome } from '../../tools/load/caller';
import { callsSucceeded, Outcomes } from '../../tools/load/outcomes';
import { summaryText } from '../../tools/load/summary-text';

const clean: AuditReport = {
  clean: true,
  atRest: true,
  orders: 1_234,
  byStatus: { CREATED: 0, PLACING: 0, PENDING: 0, COMPLETED: 1_234, CANCELLED: 0 },
  violations: [],
  violationsTotal: 0,
  inFlight: [],
  checked: {},
};

function recorded(...outcomes: Outcome[]): Outcomes {
  const all = new Outcomes();
  for (const outcome of outcomes) all.record({ outcome, totalMs: 20, placeMs: 10, retries: 1 });
  return all;
}

test('counts outcomes by kind, reason and problem', () => {
  const summary = recorded(
    { kind: 'completed' },
    { kind: 'completed' },
    { kind: 'cancelled', reason: 'insufficient-stock' },
    { kind: 'cancelled', reason: 'insufficient-stock' },
    { kind: 'cancelled', reason: 'insufficient-points' },
    { kind: 'pending' },
    { kind: 'failed', problem: 'validation' },
    { kind: 'unknown' },
  ).summary(2);
  expect(summary).toMatchObject({
    orders: 8,
    seconds: 2,
    ordersPerSecond: 2.5,
    completed: 2,
    cancelled: { 'insufficient-stock': 2, 'insufficient-points': 1 },
    pending: 1,
    failed: { validation: 1 },
    unknown: 1,
    retries: 8,
  });
});

test('gives latencies as percentiles of the ended orders, to three digits', () => {
  const outcomes = new Outcomes();
  for (let i = 1; i <= 1_000; i += 1) {
    const placed = { totalMs: i, placeMs: i / 2, retries: 0 };
    outcomes.record({ outcome: { kind: 'completed' }, ...placed });
  }
  outcomes.record({ outcome: { kind: 'unknown' }, totalMs: 60_000, placeMs: 60_000, retries: 9 });
  const { createAndPlace, place } = outcomes.summary(1).latencyMs;
  for (const [measured, exact] of [
    [createAndPlace.p50, 500],
    [createAndPlace.p95, 950],
    [createAndPlace.p99, 990],
    [createAndPlace.max, 1_000],
    [place.p50, 250],
    [place.max, 500],
  ] as const) {
    expect(Math.abs(measured - exact) / exact).toBeLessThan(0.002);
  }
});

test('summarizes an empty run', () => {
  const { orders, ordersPerSecond, latencyMs } = new Outcomes().summary(0);
  expect({ orders, ordersPerSecond, p99: latencyMs.place.p99 }).toEqual({
    orders: 0,
    ordersPerSecond: 0,
    p99: 0,
  });
});

test('counts pending and cancelled orders as answers, but not problems and silence', () => {
  const pending: Outcome[] = [{ kind: 'pending' }, { kind: 'cancelled', reason: 'unavailable' }];
  expect(callsSucceeded(recorded(...pending).summary(1))).toBe(true);
  expect(callsSucceeded(recorded({ kind: 'unknown' }).summary(1))).toBe(false);
  expect(callsSucceeded(recorded({ kind: 'failed', problem: 'internal' }).summary(1))).toBe(false);
});

describe('the text', () => {
  const summary = recorded(
    { kind: 'completed' },
    { kind: 'cancelled', reason: 'insufficient-stock' },
    { kind: 'failed', problem: 'overloaded' },
  ).summary(0.5);

  test('contains the outcomes, the rate, the latencies and the verdict', () => {
    const text = summaryText(summary, 64, clean);
    expect(text).toContain('3 orders by 64 callers in 0.5 s: 4.0 orders/s');
    expect(text).toMatch(/cancelled +1\n {2}insufficient-stock +1\n/);
    expect(text).toMatch(/failed +1\n {2}overloaded +1\n/);
    expect(text).toMatch(/create and place +20\.0 +20\.0 +20\.0 +20\.0/);
    expect(text).toContain('Audit: clean and at rest, all of 1,234 orders proved.');
  });

  test('contains the violations, if any', () => {
    const violation = { rule: 'order-total', orderId: 'o-1', detail: 'the total is 1' } as const;
    const audit = { ...clean, clean: false, violations: [violation], violationsTotal: 1 };
    const text = summaryText(summary, 64, audit);
    expect(text).toMatch(/order-total +o-1 +the total is 1/);
    expect(text).toContain('NOT CLEAN: violations: 1.');
  });

  test('contains what is in flight', () => {
    const inFlight = [{ orderId: 'o-1', waitsFor: 'operator' } as const];
    const text = summaryText(summary, 64, { ...clean, atRest: false, inFlight });
    expect(text).toContain('Audit: clean so far; in flight: 1 of 1,234 orders.');
  });
});

import { z } from 'zod';
import { patterns } from '../../contracts/order';
import { byLockKind } from './locks';
import { scenarioNames } from './orders';

/** A value of each order, at the 50th and the 99th percentile. */
const spread = z.object({ p50: z.number(), p99: z.number() });

/** One measurement; what `--json` prints, a line each. */
export const rowSchema = z.object({
  /** What was measured: the pattern's name, or that of a variation of it. */
  subject: z.string(),
  pattern: z.enum(patterns).optional(),
  scenario: z.enum(scenarioNames),
  round: z.number(),
  /** At once; 0 in an open loop, whose orders leave by the clock. */
  callers: z.number(),
  /** Of an open loop: orders that were due each second, and how many might be under way. */
  rate: z.number().optional(),
  outstandingMax: z.number().optional(),
  /** Of an open loop: orders that were not sent, because so many were under way. */
  shed: z.number().optional(),
  orders: z.number(),
  seconds: z.number(),
  ordersPerSecond: z.number(),
  completed: z.number(),
  /** By reason. */
  cancelled: z.record(z.string(), z.number()),
  /** Orders that had not ended when their callers gave up, and calls that went wrong. */
  pending: z.number(),
  failed: z.number(),
  /** Create and place, until the caller knows the end; in an open loop from when it was due. */
  latencyMs: spread,
  /** Of the placing alone. */
  placeMs: spread,
  /** An order's, less what the idle system does meanwhile. */
  transactions: z.number(),
  rowsWritten: z.number(),
  logFsyncs: z.number(),
  rowsRead: z.number(),
  temporalKbWritten: z.number(),
  /** An order's, of all processes but the load generator. */
  cpuMs: z.number(),
  cpuMsByProcess: z.record(z.string(), z.number()),
  /** An order's actions in Temporal, by kind; local activities are none of them. */
  actions: z.object({
    starts: z.number(),
    activities: z.number(),
    timers: z.number(),
    signals: z.number(),
    updates: z.number(),
  }),
  localActivities: z.number(),
  /** Stored when the measurement began, where growth is measured. */
  storedOrders: z.number().optional(),
  /** How long the audit took that followed. */
  auditSeconds: z.number(),
  /** Of the machine, over a minute, before the measurement. */
  loadAverage: z.number(),
  audit: z.enum(['clean', 'not clean']),
});

/** A measurement whose orders were placed a second time, and watched. */
export const watchedRowSchema = rowSchema.extend({
  /** Every statement was listened to; milliseconds an order. */
  lockedMs: z.object({ ...byLockKind(() => spread), orders: z.number() }),
  statementsLost: z.number(),
  /** A reader took snapshots. */
  isolation: z.object({
    orders: z.number(),
    snapshots: z.number(),
    everyMs: spread,
    /** Orders that were caught in a state that one transaction would never have shown. */
    caught: z.number(),
    byKind: z.record(z.string(), z.number()),
    atLeastMs: spread,
    atMostMs: spread,
  }),
});

export type Row = z.infer<typeof rowSchema>;
export type WatchedRow = z.infer<typeof watchedRowSchema>;
type Spread = z.infer<typeof spread>;

/** The value below which that part of them lies; 0 where there are none. */
function percentile(sorted: readonly number[], part: number): number {
  const index = Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1);
  return thousandths(sorted[Math.max(0, index)] ?? 0);
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
}

/** More digits would be noise. */
export function thousandths(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

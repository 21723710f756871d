import { build, type Histogram } from 'hdr-histogram-js';
import type { Outcome, Placed } from './caller';

/** Milliseconds, to a microsecond. */
export interface Latency {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** What a load has come to. Latencies are those of the orders that ended. */
export interface Summary {
  orders: number;
  seconds: number;
  /** Orders that ended, COMPLETED or CANCELLED, for each second. */
  ordersPerSecond: number;
  completed: number;
  /** By reason. */
  cancelled: Record<string, number>;
  pending: number;
  /** By the last part of the problem's type. */
  failed: Record<string, number>;
  unknown: number;
  retries: number;
  latencyMs: { createAndPlace: Latency; place: Latency };
}

const tenMinutesUs = 600_000_000;
const significantDigits = 3;

/** Counts outcomes and keeps latencies as they come in, in little memory however many there are. */
export class Outcomes {
  private readonly counts: Record<Outcome['kind'], number> = {
    completed: 0,
    cancelled: 0,
    pending: 0,
    failed: 0,
    unknown: 0,
  };
  private readonly reasons: Record<string, number> = {};
  private readonly problems: Record<string, number> = {};
  private readonly createAndPlace = microseconds();
  private readonly place = microseconds();
  private retries = 0;

  record({ outcome, totalMs, placeMs, retries }: Placed): void {
    this.counts[outcome.kind] += 1;
    this.retries += retries;
    if (outcome.kind === 'cancelled') increment(this.reasons, outcome.reason);
    if (outcome.kind === 'failed') increment(this.problems, outcome.problem);
    if (outcome.kind === 'completed' || outcome.kind === 'cancelled') {
      this.createAndPlace.recordValue(toUs(totalMs));
      this.place.recordValue(toUs(placeMs));
    }
  }

  /** @param seconds how long the load took */
  summary(seconds: number): Summary {
    const { completed, cancelled, pending, unknown } = this.counts;
    const orders = Object.values(this.counts).reduce((sum, n) => sum + n, 0);
    return {
      orders,
      seconds: thousandths(seconds),
      ordersPerSecond: thousandths(seconds > 0 ? (completed + cancelled) / seconds : 0),
      completed,
      cancelled: this.reasons,
      pending,
      failed: this.problems,
      unknown,
      retries: this.retries,
      latencyMs: { createAndPlace: latency(this.createAndPlace), place: latency(this.place) },
    };
  }
}

/** Did every call get the answer that its order deserved? A pending order is the audit's affair. */
export function callsSucceeded({ failed, unknown }: Summary): boolean {
  return Object.keys(failed).length === 0 && unknown === 0;
}

function microseconds(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: tenMinutesUs,
    numberOfSignificantValueDigits: significantDigits,
  });
}

function toUs(ms: number): number {
  return Math.min(Math.max(1, Math.round(ms * 1_000)), tenMinutesUs);
}

function latency(histogram: Histogram): Latency {
  const max = histogram.maxValue;
  // A percentile is answered with the upper end of its bucket, which may lie beyond the maximum.
  const ms = (percentile: number) =>
    Math.min(histogram.getValueAtPercentile(percentile), max) / 1_000;
  return { p50: ms(50), p95: ms(95), p99: ms(99), max: max / 1_000 };
}

/** More digits would be noise. */
function thousandths(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

function increment(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

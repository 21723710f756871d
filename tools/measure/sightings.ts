import { participants, type Label } from '../../contracts/participants';

/** What an order has of a participant: its steps' effect, a reservation, or nothing. */
export type Hold = 'nothing' | 'reserved' | 'taken';

/** An order as one snapshot of all databases shows it: what it has of each participant. */
export type Sight = { orderId: string; status: string } & Record<Label, Hold>;

/** States that one transaction over all databases would never have shown. */
export type Irregularity =
  /** This is taken or reserved, nothing else is, and the order has not ended. */
  | `${Label} alone`
  /** Several are taken or reserved, not all, and the order has not ended. */
  | 'not all'
  /** All are taken or reserved, and the order is not COMPLETED. */
  | 'not marked'
  /** The order is COMPLETED, and not all are taken. */
  | 'completed early'
  /** The order is CANCELLED, and not everything has been given back. */
  | 'cancelled early';

const labels = participants.map(({ label }) => label);

/** As a table names them, one after the other. */
export const irregularities: readonly Irregularity[] = [
  ...labels.map((label) => `${label} alone` as const),
  'not all',
  'not marked',
  'completed early',
  'cancelled early',
];

/** What no single transaction would have shown of this order; undefined when it might have. */
export function irregularityOf(sight: Sight): Irregularity | undefined {
  const { status } = sight;
  if (status === 'COMPLETED') {
    return labels.every((label) => sight[label] === 'taken') ? undefined : 'completed early';
  }
  const held = labels.filter((label) => sight[label] !== 'nothing');
  const [only, ...more] = held;
  if (only === undefined) return undefined;
  if (status === 'CANCELLED') return 'cancelled early';
  if (held.length === labels.length) return 'not marked';
  return more.length === 0 ? `${only} alone` : 'not all';
}

/** A snapshot was taken at some instant between these two; milliseconds. */
export interface Instant {
  fromMs: number;
  toMs: number;
}

/** How long an order was seen in such states: it was so at least, and at most, so long. */
interface Duration {
  atLeastMs: number;
  atMostMs: number;
}

interface Sighted {
  first: Instant;
  last: Instant;
  /** The latest snapshot before the first sighting. */
  before: Instant | undefined;
  /** The first snapshot after the last sighting that showed nothing wrong. */
  after: Instant | undefined;
  kinds: Set<Irregularity>;
}

/** Collects, over many snapshots, which orders were caught in between, and for how long. */
export class Sightings {
  private readonly caught = new Map<string, Sighted>();
  private readonly pauses: number[] = [];
  private previous: Instant | undefined;
  snapshots = 0;

  add(at: Instant, sights: readonly Sight[]): void {
    for (const sight of sights) {
      const irregularity = irregularityOf(sight);
      const known = this.caught.get(sight.orderId);
      if (irregularity) this.see(sight.orderId, irregularity, at);
      else if (known) known.after ??= at;
    }
    if (this.previous) this.pauses.push(at.fromMs - this.previous.fromMs);
    this.previous = at;
    this.snapshots += 1;
  }

  /** Orders that were caught. */
  get count(): number {
    return this.caught.size;
  }

  /** Orders by what they were caught in; one may be caught in several. */
  get byKind(): Partial<Record<Irregularity, number>> {
    const counts: Partial<Record<Irregularity, number>> = {};
    for (const { kinds } of this.caught.values()) {
      for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
    }
    return counts;
  }

  /** Of each order that was caught. */
  get durations(): Duration[] {
    return [...this.caught.values()].map(({ first, last, before, after }) => ({
      atLeastMs: Math.max(0, last.fromMs - first.toMs),
      atMostMs: (after ?? this.previous ?? last).toMs - (before ?? first).fromMs,
    }));
  }

  /** From one snapshot to the next. */
  get pausesMs(): readonly number[] {
    return this.pauses;
  }

  private see(orderId: string, irregularity: Irregularity, at: Instant): void {
    const known = this.caught.get(orderId);
    const sighted: Sighted = known ?? {
      first: at,
      last: at,
      before: this.previous,
      after: undefined,
      kinds: new Set(),
    };
    sighted.last = at;
    sighted.after = undefined;
    sighted.kinds.add(irregularity);
    this.caught.set(orderId, sighted);
  }
}

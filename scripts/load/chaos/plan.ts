import { seededRandom, wholeNumber, type Random } from '../random';

/**
 * `kill` SIGKILL; `freeze` SIGSTOP, then SIGCONT; `restart` SIGTERM, as an operator or a deployment
 * would; `cut` its connections.
 */
export type FaultKind = 'kill' | 'freeze' | 'restart' | 'cut';

export interface Fault {
  /** Milliseconds after the first order was asked for. */
  atMs: number;
  kind: FaultKind;
  /** A process of the stack, or `callers`. */
  target: string;
  /** How long a freeze lasts; zero for the others. */
  forMs: number;
}

/** What faults may befall, and which of them. */
export interface ChaosTarget {
  name: string;
  kinds: readonly FaultKind[];
}

const gapMs = { min: 1_500, max: 6_000 };
const shortFreezeMs = { min: 200, max: 2_000 };
/** Above one attempt of a step, and above the time for which MySQL bears a silent session. */
const freezeMsMax = 16_000;
const longFreezeShare = 1 / 3;
/** A long freeze takes such a part of the whole time at most, so that orders end in the rest. */
const freezeShareMax = 1 / 3;
const longFreezeShareMin = 0.75;
/** Nothing new so shortly before the end: no order would notice. */
const calmMsAtEnd = 500;

/**
 * The faults of a run, in the order of their times: the same for the same seed, time and targets.
 * Every target has its turn before any has its second one, and likewise its kinds of fault; what
 * is frozen is left alone until it thaws.
 */
export function planFaults(
  seed: number,
  durationMs: number,
  targets: readonly ChaosTarget[],
): Fault[] {
  const random = seededRandom(seed);
  const nextTarget = bag(random, targets);
  const nextKind = new Map(targets.map(({ name, kinds }) => [name, bag(random, kinds)]));
  const frozenUntil = new Map<string, number>();
  const pause = () => wholeNumber(random, gapMs.min, gapMs.max);
  const faults: Fault[] = [];
  for (let atMs = pause(); atMs < durationMs - calmMsAtEnd; atMs += pause()) {
    let target = nextTarget();
    while ((frozenUntil.get(target.name) ?? 0) > atMs) target = nextTarget();
    const kind = nextKind.get(target.name)?.() ?? 'kill';
    const forMs = kind === 'freeze' ? freezeMs(random, durationMs) : 0;
    frozenUntil.set(target.name, atMs + forMs);
    faults.push({ atMs, kind, target: target.name, forMs });
  }
  return faults;
}

/** The fault in words, such as `freeze mysql for 12.3 s`. */
export function describeFault({ kind, target, forMs }: Fault): string {
  if (kind === 'cut') return `cut the connections of ${target}`;
  const duration = kind === 'freeze' ? ` for ${(forMs / 1_000).toFixed(1)} s` : '';
  return `${kind} ${target}${duration}`;
}

/** Most are over before anything times out; the others outlast it, given the time. */
function freezeMs(random: Random, durationMs: number): number {
  const longest = Math.min(freezeMsMax, Math.round(durationMs * freezeShareMax));
  if (random() >= longFreezeShare) {
    return wholeNumber(random, shortFreezeMs.min, Math.min(shortFreezeMs.max, longest));
  }
  return wholeNumber(random, Math.round(longest * longFreezeShareMin), longest);
}

/** Draws without putting back; once it is empty everything is put back and shuffled again. */
function bag<T>(random: Random, items: readonly T[]): () => T {
  let left: T[] = [];
  return () => {
    if (left.length === 0) left = [...items];
    const [drawn] = left.splice(wholeNumber(random, 0, left.length - 1), 1);
    if (drawn === undefined) throw new Error('There is nothing to draw from.');
    return drawn;
  };
}

import { seededRandom, wholeNumber, type Random } from '../load/random';

/**
 * `kill` SIGKILL; `freeze` SIGSTOP, then SIGCONT; `restart` SIGTERM, as an operator or a deployment
 * would; `cut` its connections. Of a MySQL server also: `lock` all its tables, make it `read-only`,
 * `hold` the rows of orders. Of the whole stack: `stop` it in order and start it, `move` it to the
 * other placement and back.
 */
export const faultKinds = [
  'kill',
  'freeze',
  'restart',
  'cut',
  'lock',
  'read-only',
  'hold',
  'stop',
  'move',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  /** Milliseconds after the first order was asked for. */
  atMs: number;
  kind: FaultKind;
  /** A process of the stack, `stack`, or `callers`. */
  target: string;
  /** How long it lasts, where it lasts; zero for the others. */
  forMs: number;
}

/** What the faults may hit, and which faults there are. */
export interface ChaosTarget {
  name: string;
  kinds: readonly FaultKind[];
}

const gapMs = { min: 1_500, max: 6_000 };
const shortFreezeMs = { min: 200, max: 2_000 };
/** Above one attempt of a step, and above the time for which MySQL bears a silent session. */
const freezeMsMax = 16_000;
/**
 * What is held on a server; longer than a lock wait, and than a step's patience with a locked row.
 */
const heldMs = { min: 1_000, max: 12_000 };
const movedMs = { min: 1_000, max: 5_000 };
const longFreezeShare = 1 / 3;
/** A long freeze takes such a part of the whole time at most, so that orders end in the rest. */
const freezeShareMax = 1 / 3;
const longFreezeShareMin = 0.75;
/** Nothing new so shortly before the end: no order would notice. */
const calmMsAtEnd = 500;

/**
 * The faults of a run, in the order of their times: the same for the same seed, time and targets.
 * Every target has its turn before any has its second one, and likewise its kinds of fault; what
 * is frozen or held is left alone until it is let go.
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
    const forMs = lastsMs(kind, random, durationMs);
    frozenUntil.set(target.name, atMs + forMs);
    faults.push({ atMs, kind, target: target.name, forMs });
  }
  return faults;
}

/** The fault in words, such as `freeze mysql for 12.3 s`. */
export function describeFault({ kind, target, forMs }: Fault): string {
  const duration = forMs > 0 ? ` for ${(forMs / 1_000).toFixed(1)} s` : '';
  return `${words[kind]?.(target) ?? `${kind} ${target}`}${duration}`;
}

const words: Partial<Record<FaultKind, (target: string) => string>> = {
  cut: (target) => `cut the connections of ${target}`,
  lock: (target) => `lock all tables of ${target}`,
  'read-only': (target) => `make read-only ${target}`,
  hold: (target) => `hold the rows of orders in ${target}`,
  stop: (target) => `stop and start the ${target}`,
  move: (target) => `move the ${target} to the other placement and back`,
};

function lastsMs(kind: FaultKind, random: Random, durationMs: number): number {
  switch (kind) {
    case 'freeze':
      return freezeMs(random, durationMs);
    case 'lock':
    case 'read-only':
    case 'hold': {
      const longest = Math.min(heldMs.max, Math.round(durationMs * freezeShareMax));
      return wholeNumber(random, heldMs.min, longest);
    }
    case 'move':
      return wholeNumber(random, movedMs.min, movedMs.max);
    default:
      return 0;
  }
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

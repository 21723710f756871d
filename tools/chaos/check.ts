import type { FinalOrder } from './final';
import * as judge from './judgements';
import type { EndLimits, Judged, Judgement } from './judgements';
import type { SeenCall, Story } from './view';

/** What callers were told, held against what the databases have in the end. */
export const viewRules = {
  'lost-order': 'A creation was answered 201, and the order database has no such order.',
  'doubled-key': 'An idempotency key stands for two orders, or an order for two keys.',
  'other-content': 'An order holds something else than was asked for.',
  'refused-yet-done': 'Something was done that every answer had refused, or nobody had asked for.',
  'answer-not-kept': 'An order did not end as an answer had said.',
  'went-back': 'An order was shown as not ended after its end had been answered.',
  'effect-mismatch': 'The ledgers moved something else than the order’s status permits.',
  'not-ended': 'An order that was accepted did not end in its time.',
  'impossible-answer': 'The API answered what it never may.',
} as const;

export type ViewRule = keyof typeof viewRules;

export interface ViewViolation {
  rule: ViewRule;
  key: string;
  orderId: string | null;
  detail: string;
  /** What its callers did, and were told. */
  calls: SeenCall[];
}

export interface Checked {
  violations: ViewViolation[];
  /** How many orders callers asked for, and how many of them there are. */
  asked: number;
  orders: number;
  /** Of how many callers were told the end. */
  toldEnd: number;
  /** How long after the healing, or after its own claim, the last order ended; milliseconds. */
  longestToEndMs: number;
}

const judgements: readonly [ViewRule, Judgement][] = [
  ['lost-order', judge.lostOrder],
  ['doubled-key', judge.doubledKey],
  ['other-content', judge.otherContent],
  ['refused-yet-done', judge.createdThoughRefused],
  ['refused-yet-done', judge.claimedThoughRefused],
  ['refused-yet-done', judge.cancelledUnasked],
  ['answer-not-kept', judge.answerNotKept],
  ['went-back', judge.wentBack],
  ['effect-mismatch', judge.effectMismatch],
  ['not-ended', judge.notEnded],
  ['impossible-answer', judge.impossibleAnswer],
];

/**
 * Judges a run: what was answered as done is done, a definite refusal had no effect, and what is
 * unknown is either. Pure: it knows nothing but what it is given.
 */
export function checkView(
  stories: readonly Story[],
  rows: readonly FinalOrder[],
  limits: EndLimits,
): Checked {
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const all = stories.map((story): Judged => ({ ...story, row: byKey.get(story.key), limits }));
  const endings = all.map((one) => judge.msToEnd(one) ?? 0);
  return {
    violations: [...all.flatMap(judgeOne), ...unasked(stories, rows), ...shared(stories)],
    asked: stories.length,
    orders: rows.length,
    toldEnd: all.filter(judge.wasToldEnd).length,
    longestToEndMs: endings.reduce((longest, ms) => Math.max(longest, ms), 0),
  };
}

function judgeOne(judged: Judged): ViewViolation[] {
  const { key, row, calls } = judged;
  const orderId = row?.orderId ?? judge.answeredIds(judged)[0] ?? null;
  return judgements.flatMap(([rule, judgement]): ViewViolation[] => {
    const detail = judgement(judged);
    return detail === undefined ? [] : [{ rule, key, orderId, detail, calls }];
  });
}

/** Orders under keys that no caller has used, or a second one under one that was used. */
function unasked(stories: readonly Story[], rows: readonly FinalOrder[]): ViewViolation[] {
  const free = new Set(stories.map(({ key }) => key));
  const detail = 'nobody has asked for it';
  return rows
    .filter(({ key }) => !free.delete(key))
    .map(({ key, orderId }) => ({ rule: 'refused-yet-done', key, orderId, detail, calls: [] }));
}

/** An order that was answered under two keys. */
function shared(stories: readonly Story[]): ViewViolation[] {
  const keys = new Map<string, string>();
  return stories.flatMap((story): ViewViolation[] =>
    judge.answeredIds(story).flatMap((orderId): ViewViolation[] => {
      const other = keys.get(orderId);
      keys.set(orderId, story.key);
      if (other === undefined) return [];
      const detail = `answered to ${other} too`;
      return [{ rule: 'doubled-key', key: story.key, orderId, detail, calls: story.calls }];
    }),
  );
}

import type { RuleId, Violation } from './rules';

/** The report lists this many violations and counts the rest. */
const violationsMax = 10_000;

/** What an audit has checked and found so far. */
export class Findings {
  readonly violations: Violation[] = [];
  /** All violations, including those not listed. */
  violationsTotal = 0;
  /** How many orders, balances or rows each rule has judged. A rule that judged none is absent. */
  readonly checked: Partial<Record<RuleId, number>> = {};
  /** For each balance, an order that breaks a rule. */
  private readonly suspects = new Map<string, string>();

  add(violation: Violation): void {
    this.violationsTotal += 1;
    if (this.violations.length < violationsMax) this.violations.push(violation);
  }

  count(rule: RuleId, times: number): void {
    if (times === 0) return;
    this.checked[rule] = (this.checked[rule] ?? 0) + times;
  }

  /** Remembers the first faulty order of each of these balances. */
  suspect(orderId: string, keys: readonly string[]): void {
    for (const key of keys) if (!this.suspects.has(key)) this.suspects.set(key, orderId);
  }

  suspectOf(key: string): string | undefined {
    return this.suspects.get(key);
  }
}

import type { RuleId, Violation } from './rules';

/** A report that lists more than this helps nobody; the rest is only counted. */
const violationsMax = 10_000;

/** What an audit has looked at and found so far. */
export class Findings {
  readonly violations: Violation[] = [];
  /** Violations in all, those included that are not listed. */
  violationsTotal = 0;
  /** How many orders, balances or rows each rule has judged; a rule that judged none is absent. */
  readonly checked: Partial<Record<RuleId, number>> = {};
  /** An order that breaks a rule, by each balance that it concerns. */
  private readonly suspects = new Map<string, string>();

  add(violation: Violation): void {
    this.violationsTotal += 1;
    if (this.violations.length < violationsMax) this.violations.push(violation);
  }

  count(rule: RuleId, times: number): void {
    if (times === 0) return;
    this.checked[rule] = (this.checked[rule] ?? 0) + times;
  }

  /** Remembers the first order at fault for each of these balances. */
  suspect(orderId: string, keys: readonly string[]): void {
    for (const key of keys) if (!this.suspects.has(key)) this.suspects.set(key, orderId);
  }

  suspectOf(key: string): string | undefined {
    return this.suspects.get(key);
  }
}

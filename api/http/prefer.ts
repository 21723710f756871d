/** How long a caller wants to wait for an order's outcome (RFC 7240). */
export interface WaitPreference {
  waitMs: number;
  /** The preference for the `Preference-Applied` header; undefined for the default. */
  asked?: string;
}

export interface WaitLimits {
  waitMsDefault: number;
  waitMsMax: number;
  /** How long a call waits for the claim, even if it does not wait for the outcome. */
  admissionMsMax: number;
}

/** Reads a Prefer header. Ignores unknown preferences, as the standard requires. */
export function waitPreference(
  header: string | undefined,
  limits: Pick<WaitLimits, 'waitMsDefault' | 'waitMsMax'>,
): WaitPreference {
  const preferences = (header ?? '').split(',').map((preference) => preference.trim());
  const seconds = preferences
    .map((preference) => /^wait\s*=\s*"?(\d{1,6})"?$/i.exec(preference)?.[1])
    .find((digits) => digits !== undefined);
  if (seconds !== undefined) {
    const waitMs = Math.min(Number(seconds) * 1_000, limits.waitMsMax);
    return { waitMs, asked: `wait=${String(waitMs / 1_000)}` };
  }
  if (preferences.some((preference) => /^respond-async$/i.test(preference))) {
    return { waitMs: 0, asked: 'respond-async' };
  }
  return { waitMs: limits.waitMsDefault };
}

/** Timers may fire a little early. */
const timerSlackMs = 10;

/**
 * The value of `Preference-Applied` for an answer that comes before the order has ended. RFC 7240
 * wants the preferences that were applied. A `wait` was applied if it ended the waiting, and not if
 * the pattern answers at once or the order is PENDING.
 */
export function appliedPreference(
  { asked, waitMs }: WaitPreference,
  waitedMs: number,
): string | undefined {
  return waitedMs + timerSlackMs >= waitMs ? asked : undefined;
}

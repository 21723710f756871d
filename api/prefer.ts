/** How long a caller wants to wait for an order's outcome (RFC 7240). */
export interface WaitPreference {
  waitMs: number;
  /** What is waited for by it, for the `Preference-Applied` header; undefined by our default. */
  asked?: string;
}

export interface WaitLimits {
  waitMsDefault: number;
  waitMsMax: number;
  /** How long a claim is waited for, even by who does not want to wait for the outcome. */
  admissionMsMax: number;
}

/** Reads a Prefer header. What is not understood is passed over, as the standard wants it. */
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
 * has it say which preferences were applied: a wait was when it is what ended the waiting, and not
 * when the pattern answers at once, or the order waits for somebody.
 */
export function appliedPreference(
  { asked, waitMs }: WaitPreference,
  waitedMs: number,
): string | undefined {
  return waitedMs + timerSlackMs >= waitMs ? asked : undefined;
}

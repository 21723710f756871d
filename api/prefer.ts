/** How long a caller wants to wait for an order's outcome (RFC 7240). */
export interface WaitPreference {
  waitMs: number;
  /** For the `Preference-Applied` header; undefined when nothing was asked for. */
  applied?: string;
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
    return { waitMs, applied: `wait=${String(waitMs / 1_000)}` };
  }
  if (preferences.some((preference) => /^respond-async$/i.test(preference))) {
    return { waitMs: 0, applied: 'respond-async' };
  }
  return { waitMs: limits.waitMsDefault };
}

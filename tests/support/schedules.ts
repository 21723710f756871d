import { hurriedTiming } from './world';

const hourMs = 3_600_000;

/** Schedules that never run while a test does; it says which of them shall. */
export const seldom = {
  timing: hurriedTiming,
  drainEveryMs: hourMs,
  adoptEveryMs: hourMs,
  adoptAfterMs: hourMs,
  scanEveryMs: hourMs,
  scanAfterMs: hourMs,
  scanCancelAfterMs: hourMs,
  forceEveryMs: hourMs,
  forceAfterMs: hourMs,
  sweepEveryMs: hourMs,
  sweepAfterMs: hourMs,
};

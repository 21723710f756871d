import { stopLimits } from '../../api/stop-limits';

/**
 * How long each kind of process may take to stop in order. The supervisor of `npm start`, and
 * `stop_grace_period` in docker-compose.yml, wait this long before they kill it.
 */

/** Longer than one attempt of a step, so running steps finish. */
export const stepsGraceMs = 12_000;
/** The default and the maximum of `LAME_DUCK_MS`. */
export const lameDuckMsDefault = 5_000;
export const lameDuckMsMax = 60_000;
/** The time to close the API's database connections. */
export const poolsMsMax = 1_000;
/** A margin for a busy machine. */
const marginMs = 3_000;

const apiMsMax = Math.max(stopLimits.answerMsMax, stopLimits.startMsMax) + poolsMsMax;

export const stopMsMaxOf = {
  worker: stepsGraceMs + marginMs,
  api: (lameDuckMs: number) => lameDuckMs + apiMsMax + marginMs,
  /** The API stops first, then the workers of the same process. */
  local: (lameDuckMs: number) => lameDuckMs + apiMsMax + stepsGraceMs + marginMs,
};

import { stopLimits } from '../api/stop-limits';

/**
 * How long each kind of process may take to end in order. What ends one waits for that long
 * before it kills: the supervisor of `npm start`, and `stop_grace_period` in docker-compose.yml.
 */

/** Longer than one attempt of a step: what runs is finished, and nothing is lost or doubled. */
export const stepsGraceMs = 12_000;
/** `LAME_DUCK_MS`, unless it is set, and at most. */
export const lameDuckMsDefault = 5_000;
export const lameDuckMsMax = 60_000;
/** For the databases' connections at the end of the API. */
export const poolsMsMax = 1_000;
/** For what is between these, on a machine that has much else to do. */
const marginMs = 3_000;

const apiMsMax = Math.max(stopLimits.answerMsMax, stopLimits.startMsMax) + poolsMsMax;

export const stopMsMaxOf = {
  worker: stepsGraceMs + marginMs,
  api: (lameDuckMs: number) => lameDuckMs + apiMsMax + marginMs,
  /** The API ends first, and then the workers of the same process. */
  local: (lameDuckMs: number) => lameDuckMs + apiMsMax + stepsGraceMs + marginMs,
};

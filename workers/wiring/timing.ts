import { defaultTiming, type StepTiming } from '../../contracts/limits';
import type { Config } from './config';

/** The settings that decide where steps run and how often they are tried. */
export const timingSettings = [
  'PLACEMENT',
  'ATTEMPT_MS_MAX',
  'ACTION_MS_MAX',
  'HELD_MS_MAX',
  'FIRST_RETRY_MS',
  'COMPENSATION_ATTEMPTS_MAX',
  'CONFIRM_ATTEMPTS_MAX',
] as const;

export function timingFrom(config: Config<(typeof timingSettings)[number]>): StepTiming {
  return {
    ...defaultTiming,
    placement: config.PLACEMENT,
    attemptMsMax: config.ATTEMPT_MS_MAX,
    actionMsMax: config.ACTION_MS_MAX,
    heldMsMax: config.HELD_MS_MAX,
    firstRetryMs: config.FIRST_RETRY_MS,
    compensationAttemptsMax: config.COMPENSATION_ATTEMPTS_MAX,
    confirmAttemptsMax: config.CONFIRM_ATTEMPTS_MAX,
  };
}

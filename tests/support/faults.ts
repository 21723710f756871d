import type { OrderEventActivities } from '../../contracts/deliveries';
import type { ParticipantActivities } from '../../contracts/participants/activities';
import type { LockActivities, OrderActivities } from '../../contracts/steps';

/** Called around an activity of this name; `run` executes the real one. */
type Fault = (run: () => Promise<unknown>, args: unknown[]) => Promise<unknown>;
type StepName =
  | keyof OrderActivities
  | keyof OrderEventActivities
  | keyof ParticipantActivities
  | keyof LockActivities;
export type Faults = Partial<Record<StepName, Fault>>;

export type Activities = Record<string, (...args: never[]) => Promise<unknown>>;

/** These activities, each with the fault that its name has when it is called. */
export function withFaults(activities: object, faults: Faults): Activities {
  return Object.fromEntries(
    Object.entries(activities as Activities).map(([name, run]) => [
      name,
      (...args: never[]) => {
        const fault = faults[name as StepName];
        return fault ? fault(() => run(...args), args) : run(...args);
      },
    ]),
  );
}

import type { Logger } from 'pino';
import type { ParticipantQueries, StepRecord } from '../activities/participant/queries';
import type { ParticipantName } from '../contracts/participants';
import { readEach } from './read-each';

export interface StepsAnswer {
  steps: {
    service: ParticipantName;
    step: string;
    outcome: 'done' | 'rejected' | 'cancelled';
    code?: string;
    at: string;
  }[];
  /** Absent when every participant answered. */
  stepsUnavailable?: ParticipantName[];
}

/** What the participants have recorded of an order, oldest first. Never rejects. */
export type ReadSteps = (orderId: string) => Promise<StepsAnswer>;

/** Reads all participants at once; one that is away, or slow, is named instead. */
export function createStepsReader(
  queries: Record<ParticipantName, Pick<ParticipantQueries, 'stepsOf'>>,
  logger: Logger,
): ReadSteps {
  return async (orderId) => {
    const { found, unavailable } = await readEach(
      (service) => queries[service].stepsOf(orderId),
      (err, service) => {
        logger.warn({ err, service, orderId }, 'the steps of an order could not be read');
      },
    );
    const steps = found.flatMap(({ service, records }) =>
      records.flatMap((record) => answerOf(service, record)),
    );
    steps.sort((a, b) => a.at.localeCompare(b.at));
    return { steps, ...(unavailable.length > 0 && { stepsUnavailable: unavailable }) };
  };
}

/** Other kinds are answers to a workflow, and are never recorded. */
function answerOf(
  service: ParticipantName,
  { step, outcome, at }: StepRecord,
): StepsAnswer['steps'] {
  const { kind } = outcome;
  if (kind !== 'done' && kind !== 'rejected' && kind !== 'cancelled') return [];
  const code = outcome.kind === 'rejected' ? { code: outcome.code } : {};
  return [{ service, step, outcome: kind, ...code, at: at.toISOString() }];
}

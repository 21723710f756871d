import type { Logger } from 'pino';
import type { ParticipantQueries, StepRecord } from '../../activities/participant/queries';
import { byParticipant, type ParticipantName } from '../../contracts/participants';
import { batchLoader, gathering } from '../placing/batch-loader';
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

/** The steps of an order that the participants recorded, oldest first. Never rejects. */
export type ReadSteps = (orderId: string) => Promise<StepsAnswer>;

/** Reads all participants at once, and names those that do not answer in time. */
export function createStepsReader(
  queries: Record<ParticipantName, Pick<ParticipantQueries, 'stepsOf'>>,
  logger: Logger,
): ReadSteps {
  const readSteps = byParticipant(({ name }) =>
    batchLoader<string, StepRecord[]>({
      ...gathering,
      load: async (orderIds) => {
        const found = await queries[name].stepsOf(orderIds);
        return orderIds.map((orderId) => found.get(orderId) ?? []);
      },
    }),
  );
  return async (orderId) => {
    const { found, unavailable } = await readEach(
      (service) => readSteps[service](orderId),
      (err, service) => {
        logger.warn({ err, service, orderId }, 'cannot read the steps of an order');
      },
    );
    const steps = found.flatMap(({ service, records }) =>
      records.map((record) => answerOf(service, record)),
    );
    steps.sort((a, b) => a.at.localeCompare(b.at));
    return { steps, ...(unavailable.length > 0 && { stepsUnavailable: unavailable }) };
  };
}

function answerOf(
  service: ParticipantName,
  { step, outcome, at }: StepRecord,
): StepsAnswer['steps'][number] {
  const code = outcome.kind === 'rejected' ? { code: outcome.code } : {};
  return { service, step, outcome: outcome.kind, ...code, at: at.toISOString() };
}

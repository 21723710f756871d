import type { Logger } from 'pino';
import type { Service } from '../contracts/participants';
import type { PointQueries } from '../activities/point/queries';
import type { ProductQueries, StepRecord } from '../activities/product/queries';
import { timeOver, within } from './deadline';

export interface StepsAnswer {
  steps: {
    service: Service;
    step: string;
    outcome: 'done' | 'rejected' | 'cancelled';
    code?: string;
    at: string;
  }[];
  /** Absent when every participant answered. */
  stepsUnavailable?: Service[];
}

/** What the participants have recorded of an order, oldest first. Never rejects. */
export type ReadSteps = (orderId: string) => Promise<StepsAnswer>;

/** An order is shown without a service's steps rather than late. */
const readMsMax = 2_000;

type Participant = 'product' | 'point';

/** Reads both participants at once; one that is away, or slow, is named instead. */
export function createStepsReader(
  queries: { product: Pick<ProductQueries, 'stepsOf'>; point: Pick<PointQueries, 'stepsOf'> },
  logger: Logger,
): ReadSteps {
  const read = async (service: Participant, orderId: string): Promise<StepRecord[] | undefined> => {
    try {
      const records = await within(readMsMax, queries[service].stepsOf(orderId));
      return records === timeOver ? undefined : records;
    } catch (error) {
      logger.warn({ err: error, service, orderId }, 'the steps of an order could not be read');
      return undefined;
    }
  };
  return async (orderId) => {
    const services: Participant[] = ['product', 'point'];
    const found = await Promise.all(
      services.map(async (service) => ({ service, records: await read(service, orderId) })),
    );
    const unavailable = found.filter(({ records }) => !records).map(({ service }) => service);
    const steps = found.flatMap(({ service, records }) =>
      (records ?? []).flatMap((record) => answerOf(service, record)),
    );
    steps.sort((a, b) => a.at.localeCompare(b.at));
    return { steps, ...(unavailable.length > 0 && { stepsUnavailable: unavailable }) };
  };
}

/** Other kinds are answers to a workflow, and are never recorded. */
function answerOf(service: Service, { step, outcome, at }: StepRecord): StepsAnswer['steps'] {
  const { kind } = outcome;
  if (kind !== 'done' && kind !== 'rejected' && kind !== 'cancelled') return [];
  const code = outcome.kind === 'rejected' ? { code: outcome.code } : {};
  return [{ service, step, outcome: kind, ...code, at: at.toISOString() }];
}

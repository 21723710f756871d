import { participants, type ParticipantName } from '../contracts/participants';
import { timeOver, within } from './deadline';

/** What the participants answered, in their order. */
export interface EachAnswer<T> {
  found: { service: ParticipantName; records: T[] }[];
  /** Those that could not be asked: of them nothing is known. */
  unavailable: ParticipantName[];
}

/** An answer goes without a service's part rather than late. */
const readMsMax = 2_000;

/** Reads all participants at once; one that is away, or slow, is named instead. Never rejects. */
export async function readEach<T>(
  read: (service: ParticipantName) => Promise<T[]>,
  onError: (error: unknown, service: ParticipantName) => void,
): Promise<EachAnswer<T>> {
  const answers = await Promise.all(
    participants.map(async ({ name: service }) => {
      try {
        const records = await within(readMsMax, read(service));
        return { service, records: records === timeOver ? undefined : records };
      } catch (error) {
        onError(error, service);
        return { service, records: undefined };
      }
    }),
  );
  return {
    found: answers.flatMap(({ service, records }) => (records ? [{ service, records }] : [])),
    unavailable: answers.flatMap(({ service, records }) => (records ? [] : [service])),
  };
}

import { participants, type ParticipantName } from '../../contracts/participants';
import { timedOut, within } from '../deadline';

/** The participants' answers, in the order of registration. */
export interface EachAnswer<T> {
  found: { service: ParticipantName; records: T[] }[];
  /** The participants that did not answer. */
  unavailable: ParticipantName[];
}

/** After this time an answer leaves out a participant's part. */
const readMsMax = 2_000;

/** Reads all participants at once, and names those that do not answer in time. Never rejects. */
export async function readEach<T>(
  read: (service: ParticipantName) => Promise<T[]>,
  onError: (error: unknown, service: ParticipantName) => void,
): Promise<EachAnswer<T>> {
  const answers = await Promise.all(
    participants.map(async ({ name: service }) => {
      try {
        const records = await within(readMsMax, read(service));
        return { service, records: records === timedOut ? undefined : records };
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

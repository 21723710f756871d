import { first, others } from './participants';
import type { Step } from './step';

/** Why a fault cannot happen to a step, or need not: each answers a sentence, or undefined. */

export const noWorkflow = ({ driver }: Step) => {
  if (driver === 'relay') return 'A relay is no workflow: it looks again by itself.';
  return driver === 'api'
    ? 'No workflow has begun by then: the claim comes before its start.'
    : undefined;
};
export const noWorker = (step: Step) =>
  step.driver === 'api' ? 'The API makes this step; see the rows on the API.' : undefined;
export const noRow = ({ locks }: Step) =>
  locks.length === 0 ? 'The step waits for no row that somebody else may hold.' : undefined;
export const oneRow = (step: Step) =>
  noRow(step) ??
  (step.locks.length === 1
    ? 'Nobody who holds a later row of the step then wants its first: there is no cycle.'
    : undefined);

/** Why a step that does not write the order's row is not broken at that row. */
export const noOrderRow = ({ service, driver, locks, scenario }: Step) => {
  if (scenario.orders.length > 1) return 'Among many: see the row locked at decideOrders.';
  if (locks.length > 0 && locks.at(-1) === 'order')
    return 'The step waits for this very row: see the row locked.';
  if (driver === 'drain')
    return 'The drain skips an order whose row is held: tests/recovery/held-up.';
  if (driver === 'sweep' || driver === 'scan')
    return 'It writes no order; those who do so afterwards have this fault in their own steps.';
  const isWritten = locks[0] === 'order' || service !== 'order';
  return isWritten ? undefined : 'The step does not touch the order’s row.';
};

/** A prepared branch may be ended on a server that takes no writes; what is written of it may not. */
export const notRefused = (step: Step) =>
  /^\^XA (COMMIT|ROLLBACK)/.test(step.effect.source)
    ? 'XA COMMIT and XA ROLLBACK of a prepared branch are not refused: see the tombstone.'
    : likeOthers(step);

/** Of a fault of a whole server, in which many steps are alike. */
export const likeOthers = ({ kind, service, driver, resumes, scenario }: Step) => {
  if (scenario.orders.length > 1)
    return 'A server does not tell many from one: see the step alone.';
  if (kind === 'look') return 'It only reads, which the server still lets it.';
  if (others.some(({ name }) => name === service))
    return `The statements are the ${first.label}’s, on a server of the same kind.`;
  if (kind === 'record')
    return 'It writes as others of its service do: see the claim, the decision and the effects.';
  return resumes && driver !== 'resolution'
    ? 'The statements are those of the step when it is made the first time.'
    : undefined;
};

/** Who makes a step while somebody waits for an answer. */
const waitedFor: readonly Step['driver'][] = ['api', 'owner', 'resolution'];

const noApi =
  'The cell claims its forty orders without the API. tests/batches/two-apis kills an API that has batches under way.';

/** Why a step of this kind cannot come after what undoes it. */
export const nothingUndoes: Record<Step['kind'], string | undefined> = {
  action: undefined,
  reaction: undefined,
  decision: undefined,
  claim: undefined,
  freeze: 'Its thaw begins with the same statement; late beside that: tests/tcc/freeze.',
  look: 'It writes nothing; late beside its repetition: worker frozen.',
  compensation: 'A compensation has no compensation; late beside its repetition: worker frozen.',
  ending:
    'The order does not end before it has; that an operator may cancel a tcc order all the same ' +
    'is broken in tests/tcc/resolution-races.',
  record: 'Nothing undoes what it records; late beside its repetition: worker frozen.',
};

/** Of an API that is killed while somebody waits for its answer. */
export const noCaller = ({ driver, resumes, nobodyWaits, scenario }: Step) => {
  if (scenario.start === 'batch') return noApi;
  const isWaitedFor = waitedFor.includes(driver) && (!resumes || driver === 'resolution');
  if (isWaitedFor && !nobodyWaits && scenario.start === 'place') return undefined;
  return 'No caller waits for this step.';
};

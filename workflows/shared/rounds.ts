import { isCancellation, patched, sleep } from '@temporalio/workflow';
import { defaultTiming, type StepTiming } from '../../contracts/limits';
import { has, type Parts } from './answered';

/** Why an order's step was not made, for an operator. */
export const rowsAreLocked = 'another session has locked its rows';

/** How a batch goes on when another session has locked the rows of some of its orders. */
export interface Rounds<One> {
  /** Told of orders that are held up for longer than a moment. */
  onHeld?: (held: One[]) => void;
  /** Carries on with orders that got an answer. It runs while the others are asked again. */
  handOn: (settled: One[]) => Promise<void>;
  /** Asks again for these orders' locked parts, together, in the slots for steps that wait. */
  askAgain: (held: One[], round: number) => Promise<One[]>;
  /** The orders' answers once the workflow stops asking; without it they stay `locked`. */
  giveUp?: (held: One[], error?: unknown) => One[];
  /** Asks again for one order from the start, as workflows did before they asked together. */
  startAgain?: (one: One) => Promise<void>;
}

/**
 * Asks again for what is locked until it has an answer or `heldMsMax` have passed: at once, and then
 * after pauses. One round asks for all held orders together, so a locked row costs a batch one
 * activity a participant, however many orders need it. Waiting for a lock is not failing.
 *
 * @param asked the answers of the first round, whose steps tell of locked rows at once
 */
export async function inRounds<One extends Parts<{ kind: string }>>(
  timing: StepTiming,
  asked: One[],
  rounds: Rounds<One>,
  round = 1,
  beganAt = Date.now(),
): Promise<void> {
  const held = asked.filter((one) => has(one, 'locked'));
  const settled = asked.filter((one) => !has(one, 'locked'));
  if (held.length === 0) return rounds.handOn(settled);
  // An order that was asked for alone was never `locked` before this patch: its step waited.
  const { startAgain } = rounds;
  const isSplit = round === 1 && startAgain && asked.length > 1 && !patched('held-asked-together');
  if (isSplit || round > 1) rounds.onHeld?.(held);
  await Promise.all([
    ...(isSplit ? held.map(startAgain) : [nextRound(timing, held, rounds, round, beganAt)]),
    ...(settled.length > 0 ? [rounds.handOn(settled)] : []),
  ]);
}

async function nextRound<One extends Parts<{ kind: string }>>(
  timing: StepTiming,
  held: One[],
  rounds: Rounds<One>,
  round: number,
  beganAt: number,
): Promise<void> {
  const { askAgain, handOn, giveUp = () => held } = rounds;
  const { firstRetryMs, retryMsMax, heldMsMax = defaultTiming.heldMsMax } = timing;
  let answers: One[];
  try {
    if (round > 1) await sleep(Math.min(firstRetryMs * 2 ** (round - 2), retryMsMax));
    answers = await askAgain(held, round);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return handOn(giveUp(held, error));
  }
  if (Date.now() - beganAt < heldMsMax) {
    return inRounds(timing, answers, rounds, round + 1, beganAt);
  }
  const still = answers.filter((one) => has(one, 'locked'));
  const settled = answers.filter((one) => !has(one, 'locked'));
  return handOn([...settled, ...(still.length > 0 ? giveUp(still) : [])]);
}

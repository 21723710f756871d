import { ApplicationFailure } from '@temporalio/workflow';

/**
 * Pairs each item with its answer. A step answers one outcome per item, in order.
 *
 * @throws ApplicationFailure if the numbers differ: a bug that must not count as an answer
 */
export function zip<Item, Answer>(
  items: readonly Item[],
  answers: readonly Answer[],
): [Item, Answer][] {
  if (answers.length !== items.length) {
    const counts = `${answers.length} answers to ${items.length} questions`;
    throw ApplicationFailure.nonRetryable(`a step gave ${counts}`, 'short-answer');
  }
  return items.map((item, i) => [item, answers[i] as Answer]);
}

/** Checks that there is one answer per item, and returns the answers. */
export function answersTo<Answer>(items: readonly unknown[], answers: readonly Answer[]): Answer[] {
  return zip(items, answers).map(([, answer]) => answer);
}

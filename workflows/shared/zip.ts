import { ApplicationFailure } from '@temporalio/workflow';

/**
 * Each item with its answer: a step that is asked for many answers for each, in their order.
 *
 * @throws ApplicationFailure when there are not as many answers as items. That is a fault of ours,
 *   and nobody may take it for an answer.
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

/** The same answers, once there is one for each item. */
export function answersTo<Answer>(items: readonly unknown[], answers: readonly Answer[]): Answer[] {
  return zip(items, answers).map(([, answer]) => answer);
}

import { ApplicationFailure } from '@temporalio/common';
import { participants } from '../../contracts/participants';
import { withAnswers } from '../../workflows/shared/answered';
import { answersTo, zip } from '../../workflows/shared/zip';

const order = (orderId: string) => ({ orderId, customerId: 'c-1', lines: [], total: 1 });
const [first, second] = [order('a'), order('b')];

/** What the first participants answer for both orders. */
function answersOf(...answers: number[][]) {
  return participants.slice(0, answers.length).map((participant, i) => ({
    participant,
    step: participant.steps.saga.action,
    orders: [first, second],
    answers: answers[i] ?? [],
  }));
}

test('each order gets its own answers', () => {
  expect(zip(['a', 'b'], [1, 2])).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
  expect(answersTo(['a', 'b'], [1, 2])).toEqual([1, 2]);
  const answered = withAnswers([first, second], answersOf([1, 2], [3, 4]));
  expect(answered.map((one) => one.order)).toEqual([first, second]);
  expect(answered.map(({ parts }) => parts.map(({ answer }) => answer))).toEqual([
    [1, 3],
    [2, 4],
  ]);
});

test('an order gets no answer of a participant from which it takes nothing', () => {
  const [all, rest] = answersOf([1, 2], [3, 4]);
  if (!all || !rest) throw new Error('There are two participants at least');
  const answered = withAnswers([first, second], [all, { ...rest, orders: [second], answers: [4] }]);
  expect(answered.map(({ parts }) => parts.map(({ answer }) => answer))).toEqual([[1], [2, 4]]);
});

test.each([[[1]], [[1, 2, 3]], [[]]])(
  '%j is not accepted as the answer to two questions',
  (answers) => {
    const short = `a step gave ${answers.length} answers to 2 questions`;
    expect(() => zip(['a', 'b'], answers)).toThrow(ApplicationFailure);
    expect(() => answersTo(['a', 'b'], answers)).toThrow(short);
    expect(() => withAnswers([first, second], answersOf(answers))).toThrow(short);
    expect(() => withAnswers([first, second], answersOf([1, 2], answers))).toThrow(short);
  },
);

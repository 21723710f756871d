import { ApplicationFailure } from '@temporalio/common';
import { answersTo, withAnswers, zip } from '../../workflows/shared/zip';

const order = (orderId: string) => ({ orderId, customerId: 'c-1', lines: [], total: 1 });

test('each order has its own answers', () => {
  expect(zip(['a', 'b'], [1, 2])).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
  expect(answersTo(['a', 'b'], [1, 2])).toEqual([1, 2]);
  expect(withAnswers([order('a'), order('b')], [1, 2], [3, 4])).toEqual([
    { order: order('a'), stock: 1, points: 3 },
    { order: order('b'), stock: 2, points: 4 },
  ]);
});

test.each([[[1]], [[1, 2, 3]], [[]]])('%j is no answer to two questions', (answers) => {
  const short = `a step gave ${answers.length} answers to 2 questions`;
  expect(() => zip(['a', 'b'], answers)).toThrow(ApplicationFailure);
  expect(() => answersTo(['a', 'b'], answers)).toThrow(short);
  expect(() => withAnswers([order('a'), order('b')], answers, [1, 2])).toThrow(short);
  expect(() => withAnswers([order('a'), order('b')], [1, 2], answers)).toThrow(short);
});

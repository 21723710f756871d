import { mutants as ofBatches } from '../batches/mutants';
import { mutants as ofChoreography } from '../choreography/mutants';
import { mutants as ofMatrix } from '../matrix/mutants';
import { compatible, incompatible } from '../replay/incompatible';
import { mutants as ofTcc } from '../tcc/mutants';
import { mutants as ofXa } from '../xa/mutants';
import { mutated } from './mutate';

/** The long tests run the mutants; here they only find their place, so that a change is told of it. */
it('every mutant finds the code that it breaks', () => {
  const all = [
    ...[...ofBatches, ...ofChoreography].map(([what, , mutations]) => ({ what, mutations })),
    ...ofTcc.map(([what, mutations]) => ({ what, mutations })),
    ...ofXa,
    ...ofMatrix,
    ...incompatible.map(([what, mutation]) => ({ what, mutations: [mutation] })),
    { what: 'a compatible change', mutations: compatible },
  ];
  const lost = all.flatMap(({ what, mutations }) => {
    try {
      mutated(mutations);
      return [];
    } catch (error) {
      return [`${what}\n${String(error)}`];
    }
  });
  expect(lost.join('\n\n')).toBe('');
});

const file = 'activities/order/compensation-queue.ts';

it('finds code however its lines are broken, in the function that it names', () => {
  const [text] = mutated([
    {
      file,
      in: 'registerCompensations',
      from: '.insert(owed.map(({ orderId, step, error })=>({order_id: orderId, step, next_retry_at:',
      to: 'HERE',
    },
  ]).values();
  expect(text).toMatch(/await trx\('compensations'\)\s+HERE/);
});

it.each([
  ['that is gone', { in: 'registerCompensations', from: 'isClosed(rows' }],
  ['that is in another function', { in: 'dueCompensations', from: 'isOpen(rows' }],
  ['that occurs twice', { in: 'registerCompensations', from: 'unique(' }],
  ['in a function that is gone', { in: 'enlist', from: 'isOpen(rows' }],
])('says what to do with a mutant of code %s', (_which, where) => {
  const mutate = () => mutated([{ file, to: '', ...where }]);
  expect(mutate).toThrow(/\d+ places to break.*Let the mutant break/s);
});

it('says where the code has gone', () => {
  const mutate = () =>
    mutated([{ file, in: 'decide', from: 'rows.get(orderId)?.decision', to: '' }]);
  expect(mutate).toThrow(/Files with that code: .*activities\/order\/decision\.ts/);
});

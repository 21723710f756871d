import { participants } from '../../contracts/participants';
import { tableOf } from './pages';

/** The tables at the heads of the patterns name the steps that the participants define. */

/** One row per participant: the first cell, and the steps beside it. */
const rows = (table: string[][], verb: string, columns: number) =>
  table
    .filter(([cell]) => cell?.startsWith(`${verb} `))
    .map((cells) => cells.slice(0, columns + 1));

/** The cells of the row with this name, each as a list. */
const listsIn = (table: string[][], row: string, columns: number) =>
  table
    .find(([cell]) => cell === row)
    ?.slice(1, columns + 1)
    .map((cell) => cell.split(', '));

test('the saga’s table matches the definitions', () => {
  const table = tableOf('workflows/saga.ts', 'step', 'action', 'compensation');
  expect(rows(table, 'take', 2)).toEqual(
    participants.map(({ label, steps: { saga } }) => [
      `take ${label}`,
      saga.action,
      saga.compensation,
    ]),
  );
});

test('TCC’s table matches the definitions', () => {
  const table = tableOf('workflows/tcc.ts', 'step', 'try', 'confirm', 'cancel');
  expect(rows(table, 'reserve', 3)).toEqual(
    participants.map(({ label, steps: { tcc } }) => [
      `reserve ${label}`,
      tcc.try,
      tcc.confirm,
      tcc.cancel,
    ]),
  );
});

test('XA’s table matches the definitions', () => {
  const table = tableOf('workflows/xa.ts', 'step', 'COMPLETE', 'CANCEL');
  const named = (step: 'prepare' | 'commit' | 'rollback') =>
    participants.map(({ steps: { xa } }) => xa[step]);
  expect(listsIn(table, 'prepare', 2)).toEqual([named('prepare'), ['—']]);
  expect(listsIn(table, 'end branches', 2)).toEqual([named('commit'), named('rollback')]);
});

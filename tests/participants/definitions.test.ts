import fc from 'fast-check';
import {
  createParticipantActivities,
  createParticipantReactions,
} from '../../activities/participant/activities';
import { rulesOf } from '../../activities/participant/rules';
import { openDatabase } from '../../activities/database/connection';
import type { PlacedOrder } from '../../contracts/order';
import { participants } from '../../contracts/participants';
import { point } from '../../contracts/participants/point';
import { product } from '../../contracts/participants/product';

/** What all other code assumes of a registered participant. */

/** Without a database: the test queries none. */
const knex = openDatabase({ url: 'mysql://nobody:none@127.0.0.1:1/none', poolMax: 1 });

afterAll(() => knex.destroy());

const id = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
const whole = fc.integer({ min: 1, max: 1_000_000 });
/** As the API creates it: each product in one line. */
const anyOrder: fc.Arbitrary<PlacedOrder> = fc
  .record({
    orderId: id,
    customerId: id,
    lines: fc.uniqueArray(fc.record({ productId: id, quantity: whole, unitPrice: whole }), {
      selector: ({ productId }) => productId,
      minLength: 1,
      maxLength: 10,
    }),
  })
  .map((order) => ({
    ...order,
    total: order.lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0),
  }));

/** All names in a definition, at any depth. */
function wordsIn(names: object): string[] {
  return Object.values(names).flatMap((name: string | object) =>
    typeof name === 'string' ? [name] : wordsIn(name),
  );
}

const duplicatesIn = (words: string[]) => words.filter((word, i) => words.indexOf(word) !== i);

describe.each(participants)('$name', (participant) => {
  const { name, command, owes, commandOf, steps, books, content } = participant;

  it('has exactly the activities that its definition names', () => {
    const activities = createParticipantActivities(participant, knex);
    expect(Object.keys(activities).sort()).toEqual(wordsIn(steps).sort());
  });

  it('has its reactions in choreography by its name', () => {
    const reactions = createParticipantReactions(participant, knex, () => undefined);
    const capital = name.charAt(0).toUpperCase() + name.slice(1);
    expect(Object.keys(reactions).sort()).toEqual([`${name}Reacts`, `eventsOf${capital}`].sort());
  });

  it('has names that fit databases, tables and reports', () => {
    expect(name).toMatch(/^[a-z]{1,16}$/);
    expect(participant.label).toMatch(/^[a-z]{1,16}$/);
    const { balances, ledger, key, amount, taking, returning } = books;
    for (const word of [balances, ledger, key, amount]) expect(word).toMatch(/^[a-z_]{1,64}$/);
    expect(taking).not.toBe(returning);
    expect(balances).not.toBe(ledger);
  });

  it('takes whole amounts above zero, one from each balance', () => {
    fc.assert(
      fc.property(anyOrder, (order) => {
        const movements = owes(command(order));
        expect(movements.length).toBeGreaterThan(0);
        expect(duplicatesIn(movements.map((movement) => movement.id))).toEqual([]);
        for (const { amount } of movements) {
          expect(Number.isSafeInteger(amount) && amount > 0).toBe(true);
        }
      }),
    );
  });

  it('derives its command from its reservations, in any order', () => {
    fc.assert(
      fc.property(anyOrder, (order) => {
        const told = command(order);
        expect(commandOf(order.orderId, owes(told))).toEqual(told);
        const read = commandOf(order.orderId, owes(told).reverse());
        expect(read.orderId).toBe(order.orderId);
        expect(content(read)).toEqual(content(told));
      }),
    );
  });
});

it('no two participants share a name', () => {
  const all = (of: (one: (typeof participants)[number]) => object) =>
    duplicatesIn(participants.flatMap((one) => wordsIn(of(one))));
  expect(all(({ name }) => ({ name }))).toEqual([]);
  expect(all(({ label }) => ({ label }))).toEqual([]);
  expect(all(({ steps }) => steps)).toEqual([]);
  expect(all(({ events }) => events)).toEqual([]);
  expect(all(({ rejection: { code } }) => ({ code }))).toEqual([]);
  // A report distinguishes their ledgers, and one transaction may reach both.
  expect(all(({ books: { balances, ledger } }) => ({ balances, ledger }))).toEqual([]);
});

it('hashes a command’s content as before, because hashes are stored', () => {
  const order: PlacedOrder = {
    orderId: 'o-1',
    customerId: 'anna',
    lines: [
      { productId: 'pear', quantity: 2, unitPrice: 3 },
      { productId: 'apple', quantity: 1, unitPrice: 7 },
    ],
    total: 13,
  };
  expect(rulesOf(product).hashOf(product.command(order))).toBe(
    'v1:hSizK1MpT_3aWYEB7VvE1VOFh_Qu5LLodR-yKQbDA9w',
  );
  expect(rulesOf(point).hashOf(point.command(order))).toBe(
    'v1:zaYgfFtgAPe3Fd7QTKnigyaKa60XdRaE-MOjUq0so5w',
  );
});

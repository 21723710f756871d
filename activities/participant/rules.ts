import type { Knex } from 'knex';
import type { RegisteredParticipant } from '../../contracts/participants';
import type { WhenHeld } from '../../contracts/steps';
import type { Books, Keyed } from '../../contracts/participants/definition';
import { contentHash, ExcludedFromBatch, type RecordedOutcome } from '../barrier/barrier';
import { applyChanges, lockBalances, type Change, type OpenBooks } from './books';

/**
 * How a participant takes and gives back, in the caller's transaction. Knows neither Temporal nor
 * the pattern.
 */
export interface Rules<C extends Keyed> {
  /**
   * Takes all that an order asks for, or nothing, order by order.
   *
   * @param post where taken amounts go: out of the books, or into a reservation
   * @throws ExcludedFromBatch for orders that name a missing balance that must exist
   */
  take: (
    trx: Knex.Transaction,
    commands: C[],
    post?: typeof applyChanges,
  ) => Promise<RecordedOutcome[]>;
  /** Gives back what `take` took. */
  giveBack: (trx: Knex.Transaction, commands: C[]) => Promise<void>;
  participant: RegisteredParticipant<C>;
  /** As seen from the connection's database. */
  books: OpenBooks;
  /** The balances that a command touches. */
  balancesOf: (command: C) => string[];
  hashOf: (command: C) => string;
}

/**
 * The rules of a participant with balances and a ledger.
 *
 * @param books the books as seen from a connection to another database
 * @param whenHeld what its steps do about balances that another session has locked
 */
export function rulesOf<C extends Keyed>(
  participant: RegisteredParticipant<C>,
  books: Books = participant.books,
  whenHeld: WhenHeld = 'wait',
): Rules<C> {
  const kept = {
    participant,
    books: { ...books, whenHeld },
    balancesOf: (command: C) => participant.owes(command).map(({ id }) => id),
  };
  return {
    ...kept,
    hashOf: (command) => contentHash(participant.content(command)),
    take: (trx, commands, post = applyChanges) => take(trx, kept, commands, post),
    giveBack: (trx, commands) => giveBack(trx, kept, commands),
  };
}

type Kept<C extends Keyed> = Pick<Rules<C>, 'participant' | 'books' | 'balancesOf'>;

/** Works on rows locked in key order. Writes nothing before all outcomes are known. */
async function take<C extends Keyed>(
  trx: Knex.Transaction,
  { participant, books, balancesOf }: Kept<C>,
  commands: C[],
  post: typeof applyChanges,
): Promise<RecordedOutcome[]> {
  const { owes, unknown: code, rejection } = participant;
  const available = await lockBalances(trx, books, commands.flatMap(balancesOf));
  if (code !== null) {
    const unknown = commands.filter((one) => balancesOf(one).some((id) => !available.has(id)));
    if (unknown.length > 0) throw new ExcludedFromBatch(unknown, { kind: 'broken', code });
  }
  const taken: C[] = [];
  const outcomes = commands.map((command): RecordedOutcome => {
    const movements = owes(command);
    const left = (id: string) => available.get(id) ?? 0n;
    if (movements.some(({ id, amount }) => left(id) < BigInt(amount))) {
      return { kind: 'rejected', code: rejection.code };
    }
    for (const { id, amount } of movements) available.set(id, left(id) - BigInt(amount));
    taken.push(command);
    return { kind: 'done' };
  });
  await post(trx, books, changes(participant, taken, books.taking, -1));
  return outcomes;
}

async function giveBack<C extends Keyed>(
  trx: Knex.Transaction,
  { participant, books, balancesOf }: Kept<C>,
  commands: C[],
): Promise<void> {
  await lockBalances(trx, books, commands.flatMap(balancesOf));
  await applyChanges(trx, books, changes(participant, commands, books.returning, 1));
}

function changes<C extends Keyed>(
  { owes }: RegisteredParticipant<C>,
  commands: readonly C[],
  kind: string,
  sign: 1 | -1,
): Change[] {
  return commands.flatMap((command) =>
    owes(command).map(({ id, amount }) => ({
      orderId: command.orderId,
      id,
      kind,
      amount: sign * amount,
    })),
  );
}

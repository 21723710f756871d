import type { Knex } from 'knex';
import type { AgedQuery, FreezeCommand } from '../../contracts/reservations';
import type { Step } from '../../contracts/steps';
import { asActivity } from './activity-failure';
import { runBatch } from './batch';
import { once } from './once';
import { lockedOf, type ParticipantRules } from './participant';
import {
  agedReservations,
  cancelReserved,
  confirmReserved,
  freezeReserved,
  thawReserved,
} from './reservations';
import { cancelOnce, confirmOnce } from './second-phase';
import { runTransaction } from './transaction';

interface Keyed {
  orderId: string;
}

/** What a participant in TCC has to say of itself, beyond what every participant does. */
export interface TccRules<C extends Keyed> extends Pick<
  ParticipantRules<C>,
  'books' | 'balancesOf' | 'hashOf'
> {
  /** The steps' names in the barrier. */
  steps: { try: string; confirm: string; cancel: string };
  /** Takes from what is available into a reservation. */
  reserve: ParticipantRules<C>['take'];
  /** The command that made these reservations. */
  commandOf: (orderId: string, reserved: { id: string; amount: number }[]) => C;
}

/** A participant's side of Try, Confirm, Cancel, on its own database. */
export interface TccSteps<C extends Keyed> {
  try: Step<C>;
  confirm: Step<C>;
  cancel: Step<C>;
  freeze: Step<FreezeCommand>;
  thaw: Step<FreezeCommand>;
  aged: (query: AgedQuery) => Promise<C[]>;
}

/**
 * | step    | moves                  | ledger      | twice    | late                                |
 * |---------|------------------------|-------------|----------|-------------------------------------|
 * | try     | available → reserved   | —           | recorded | after the cancel: `cancelled`       |
 * | confirm | reserved → out         | deduct, use | `done`   | after the cancel: `broken`, an alarm|
 * | cancel  | reserved → available   | —           | `done`   | after the confirm: `refused`        |
 * | freeze  | —                      | —           | `done`   | after the confirm: `refused`        |
 *
 * A cancel that comes before its try leaves a tombstone for it. A confirm of what is frozen is
 * answered `frozen`, and may succeed once it is thawed.
 */
export function createTccSteps<C extends Keyed>(knex: Knex, rules: TccRules<C>): TccSteps<C> {
  const { books, hashOf, steps } = rules;
  const confirm = { step: steps.confirm, ends: steps.try, otherwise: steps.cancel, hashOf };
  const cancel = { step: steps.cancel, ends: steps.try, otherwise: steps.confirm, hashOf };
  const step = (work: (trx: Knex.Transaction, batch: C[]) => ReturnType<Step<C>>): Step<C> => {
    const findLocked = (trx: Knex.Transaction, batch: C[]) => lockedOf(trx, rules, batch);
    return (commands) => asActivity(() => runBatch(knex, { findLocked, work }, commands));
  };
  const inTransaction = <T>(work: (trx: Knex.Transaction) => Promise<T>) =>
    asActivity(() => runTransaction(knex, work));
  return {
    try: step((trx, batch) =>
      once(trx, { step: steps.try, hashOf }, batch, (fresh) => rules.reserve(trx, fresh)),
    ),
    confirm: step((trx, batch) =>
      confirmOnce(trx, confirm, batch, (tried) => confirmReserved(trx, books, idsOf(tried))),
    ),
    cancel: step((trx, batch) =>
      cancelOnce(trx, cancel, batch, (tried) => cancelReserved(trx, books, idsOf(tried))),
    ),
    freeze: (commands) => inTransaction((trx) => freezeReserved(trx, books, commands)),
    thaw: (commands) => inTransaction((trx) => thawReserved(trx, books, commands)),
    aged: (query) =>
      asActivity(async () => {
        const found = await agedReservations(knex, books, query);
        return [...found].map(([orderId, reserved]) => rules.commandOf(orderId, reserved));
      }),
  };
}

function idsOf(commands: readonly Keyed[]): string[] {
  return commands.map(({ orderId }) => orderId);
}

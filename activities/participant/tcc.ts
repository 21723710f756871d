import type { Knex } from 'knex';
import type { Keyed } from '../../contracts/participants/definition';
import type { AgedQuery, FreezeCommand } from '../../contracts/reservations';
import type {
  ActionOutcome,
  CancelOutcome,
  ConfirmOutcome,
  FreezeOutcome,
  Step,
} from '../../contracts/steps';
import { asActivity } from '../database/activity-failure';
import { runOnce } from '../barrier/barrier';
import { stepOn, type RulesWhen } from './saga';
import {
  agedReservations,
  cancelReserved,
  confirmReserved,
  freezeReserved,
  reserve,
  thawReserved,
} from './reservations';
import { cancelOnce, confirmOnce } from '../barrier/second-phase';
import { runTransaction } from '../database/transaction';

/** A participant's Try, Confirm and Cancel, on its own database. */
export interface TccSteps<C extends Keyed> {
  try: Step<C, ActionOutcome>;
  confirm: Step<C, ConfirmOutcome>;
  cancel: Step<C, CancelOutcome>;
  freeze: Step<FreezeCommand, FreezeOutcome>;
  thaw: Step<FreezeCommand, FreezeOutcome>;
  aged: (query: AgedQuery) => Promise<C[]>;
}

/**
 * | step | moves | ledger | twice | late |
 * |---------|------------------------|-------------|----------|-------------------------------------|
 * | try | available → reserved | — | recorded | after the cancel: `cancelled` |
 * | confirm | reserved → out | deduct, use | `done` | after the cancel: `broken`, an alarm|
 * | cancel | reserved → available | — | `done` | after the confirm: `refused` |
 * | freeze | — | — | `done` | after the confirm: `refused` |
 *
 * A cancel that comes before its try leaves a tombstone for it. A confirm of a frozen reservation
 * answers `frozen`, and may succeed once it is thawed.
 */
export function createTccSteps<C extends Keyed>(knex: Knex, rulesWhen: RulesWhen<C>): TccSteps<C> {
  const { participant, books, hashOf } = rulesWhen.wait;
  const steps = participant.steps.tcc;
  const confirm = { step: steps.confirm, ends: steps.try, otherwise: steps.cancel, hashOf };
  const cancel = { step: steps.cancel, ends: steps.try, otherwise: steps.confirm, hashOf };
  const inTransaction = <T>(work: (trx: Knex.Transaction) => Promise<T>) =>
    asActivity(() => runTransaction(knex, work));
  return {
    try: stepOn(
      knex,
      rulesWhen,
      ({ take }) =>
        (trx, batch) =>
          runOnce(trx, { step: steps.try, hashOf }, batch, (fresh) => take(trx, fresh, reserve)),
    ),
    confirm: stepOn(
      knex,
      rulesWhen,
      ({ books: open }) =>
        (trx, batch) =>
          confirmOnce(trx, confirm, batch, (tried) => confirmReserved(trx, open, idsOf(tried))),
    ),
    cancel: stepOn(
      knex,
      rulesWhen,
      ({ books: open }) =>
        (trx, batch) =>
          cancelOnce(trx, cancel, batch, (tried) => cancelReserved(trx, open, idsOf(tried))),
    ),
    freeze: (commands) => inTransaction((trx) => freezeReserved(trx, books, commands)),
    thaw: (commands) => inTransaction((trx) => thawReserved(trx, books, commands)),
    aged: (query) =>
      asActivity(async () => {
        const found = await agedReservations(knex, books, query);
        return [...found].map(([orderId, reserved]) => participant.commandOf(orderId, reserved));
      }),
  };
}

function idsOf(commands: readonly Keyed[]): string[] {
  return commands.map(({ orderId }) => orderId);
}

import type { Knex } from 'knex';
import type { AlertKind } from '../../contracts/alerts';
import type { EventType, OrderEvent, Reaction } from '../../contracts/events';
import type { FailureCode } from '../../contracts/failures';
import type { Decision, OrderStatus, Pattern } from '../../contracts/order';
import type { CompensationStep, ParticipantWords } from '../../contracts/participants';
import type { Books } from '../../contracts/participants/definition';
import type { RecoveryKind } from '../../contracts/recovery';
import type { ResolutionAction, ResolutionOutcome } from '../../contracts/reservations';
import type { Wait } from '../../contracts/waits';

/**
 * The columns of every table, each stated once. Knex derives the types of rows from them, and
 * tests/migrations/tables.test.ts compares them with the migrated databases.
 */

/** A column: its SQL type, and the types that a program reads from it and writes to it. */
interface Column<Read, Written = Read> {
  type: string;
  nullable: boolean;
  /** These two exist for the types only: no column sets them. */
  read?: Read;
  written?: Written;
}

const char: Column<string> = { type: 'char', nullable: false };
/** May also be written as text. */
const datetime: Column<Date, Date | string> = { type: 'datetime', nullable: false };
const int: Column<number> = { type: 'int', nullable: false };
const smallint: Column<number> = { type: 'smallint', nullable: false };
/** The driver reads a value above 2^53 as a string. */
const bigint: Column<number | string> = { type: 'bigint', nullable: false };
/** A bigint that numbers rows, and so stays below 2^53. */
const rowNumber: Column<number> = { type: 'bigint', nullable: false };
const varchar = <T extends string = string>(): Column<T> => ({ type: 'varchar', nullable: false });
/** The driver parses what it reads, and takes text. */
const json = <T>(): Column<T, string> => ({ type: 'json', nullable: false });
const orNull = <R, W>(column: Column<R, W>): Column<R | null, W | null> => ({
  ...column,
  nullable: true,
});

export type EndedAs =
  'committed' | 'rolled-back' | 'rejected' | 'heuristic-commit' | 'heuristic-rollback';

export type ReservationState = 'reserved' | 'frozen' | 'confirmed' | 'cancelled';

/** Every service has these tables. */
const eventTables = {
  inbox: {
    event_id: varchar(),
    reaction: varchar<Reaction>(),
    type: varchar<EventType>(),
    order_id: varchar(),
    received_at: datetime,
    emitted: orNull(varchar()),
    tries: int,
    payload: orNull(json<OrderEvent>()),
    last_error: orNull(varchar()),
    parked_at: orNull(datetime),
    released_at: orNull(datetime),
    released_by: orNull(varchar()),
    release_reason: orNull(varchar()),
  },
  outbox: {
    event_id: varchar(),
    type: varchar<EventType>(),
    order_id: varchar(),
    payload: json<object>(),
    created_at: datetime,
    delivery: orNull(varchar()),
    sent_at: orNull(datetime),
  },
};

export const orderTables = {
  ...eventTables,
  alerts: {
    alert_id: rowNumber,
    kind: varchar<AlertKind>(),
    order_id: varchar(),
    runbook: varchar(),
    detail: varchar(),
    raised_at: datetime,
    resolved_at: orNull(datetime),
  },
  compensations: {
    order_id: varchar(),
    step: varchar<CompensationStep>(),
    status: varchar<'PENDING' | 'DONE'>(),
    attempts: int,
    next_retry_at: datetime,
    last_error: varchar(),
    created_at: datetime,
    done_at: orNull(datetime),
  },
  order_lines: {
    order_id: varchar(),
    line_number: smallint,
    product_id: varchar(),
    quantity: int,
    unit_price: bigint,
  },
  orders: {
    order_id: varchar(),
    customer_id: varchar(),
    idempotency_key: varchar(),
    request_hash: varchar(),
    status: varchar<OrderStatus>(),
    pattern: orNull(varchar<Pattern>()),
    owner: orNull(varchar()),
    decision: orNull(varchar<Decision>()),
    reason: orNull(varchar<FailureCode>()),
    waits_for: orNull(varchar<Wait>()),
    total: bigint,
    created_at: datetime,
    owned_at: orNull(datetime),
    ended_at: orNull(datetime),
  },
  recoveries: {
    kind: varchar<RecoveryKind | 'look'>(),
    wanted_since: orNull(datetime),
    ended_at: orNull(datetime),
  },
  resolutions: {
    resolution_id: rowNumber,
    workflow_id: varchar(),
    order_id: varchar(),
    owner_before: orNull(varchar()),
    operator: varchar(),
    action: varchar<ResolutionAction>(),
    reason: varchar(),
    outcome: orNull(varchar<ResolutionOutcome>()),
    requested_at: datetime,
    ended_at: orNull(datetime),
  },
};

/** Every participant has these tables, besides those of its books. */
const stepTables = {
  ...eventTables,
  steps: {
    order_id: varchar(),
    step: varchar(),
    hash: varchar(),
    outcome: orNull(varchar()),
    recorded_at: datetime,
  },
  xa_branches: {
    order_id: varchar(),
    gtrid: char,
    participant: varchar(),
    hash: varchar(),
    locked_rows: json<string[]>(),
    started_at: datetime,
    ended_at: orNull(datetime),
    ended_as: orNull(varchar<EndedAs>()),
  },
};

/** The columns of these tables that have the same name in every participant's books. */
const booksTables = {
  balances: { available: bigint, reserved: bigint, opening: bigint },
  ledger: { entry_id: rowNumber, order_id: varchar(), kind: varchar(), recorded_at: datetime },
  reservations: {
    order_id: varchar(),
    state: varchar<ReservationState>(),
    resolution: rowNumber,
    reserved_at: datetime,
  },
  bookings: {
    reference: varchar(),
    kind: varchar(),
    opening: orNull(bigint),
    booked_by: varchar(),
    reason: varchar(),
    booked_at: datetime,
  },
};
/** The columns of a balance that only a product has. */
const products = { name: varchar(), price: bigint, retired_at: orNull(datetime) };

/** A participant's tables. Its books name two of them, and some of the columns. */
export function participantTables({ balances, ledger, key, amount }: Books) {
  const holder = { [key]: varchar() };
  const movement = { ...holder, [amount]: bigint };
  return {
    ...stepTables,
    [balances]: { ...booksTables.balances, ...holder, ...(balances === 'products' && products) },
    [ledger]: { ...booksTables.ledger, ...movement },
    reservations: { ...booksTables.reservations, ...movement },
    bookings: { ...booksTables.bookings, ...movement },
  };
}

type Columns = Record<string, Column<unknown>>;
/** The type of a table with these columns: what Knex reads from it, and what it may write. */
type Table<C extends Columns> = Knex.CompositeTableType<
  { [Name in keyof C]: Exclude<C[Name]['read'], undefined> },
  { [Name in keyof C]?: Exclude<C[Name]['written'], undefined> | Knex.Raw }
>;
type Typed<T extends Record<string, Columns>> = { [Name in keyof T]: Table<T[Name]> };

type AllBooks = ParticipantWords['books'];
type Holder<B extends Books> = Record<B['key'], Column<string>>;
type Movement<B extends Books> = Holder<B> & Record<B['amount'], typeof bigint>;
type More<B extends Books> = B['balances'] extends 'products' ? typeof products : unknown;
type BalancesAndLedgers = {
  [B in AllBooks as B['balances']]: Table<typeof booksTables.balances & Holder<B> & More<B>>;
} & { [B in AllBooks as B['ledger']]: Table<typeof booksTables.ledger & Movement<B>> };

/** A whole row of a table. */
export type Row<T extends Knex.TableNames> = Knex.ResolveTableType<Knex.TableType<T>>;

declare module 'knex/types/tables' {
  /** Leaves out reservations and bookings: their columns have other names in each database. */
  interface Tables
    extends Typed<typeof orderTables>, Typed<typeof stepTables>, BalancesAndLedgers {}
}

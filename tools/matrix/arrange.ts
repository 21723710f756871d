import type { Knex } from 'knex';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import { recoveryScheduleId } from '../../contracts/names';
import type { ParticipantName } from '../../contracts/participants';
import type { Injection } from './injection';
import { until } from './until';

/**
 * What arrangements are made of. Rows are dated, so that a schedule leaves alone what another is to
 * end, or takes up at once what it would otherwise take up in minutes: no clock is touched.
 */

const awayMs = 3_600_000;
const kickEveryMs = 1_000;

/** A moment so far from now, by the database's clock. */
function moment(knex: Knex, ms: number): Knex.Raw {
  return knex.raw('NOW(6) + INTERVAL ? MICROSECOND', [ms * 1_000]);
}

/** An order that was taken over later than now is no orphan. */
export async function holdOffAdoption({ stack, subject }: Injection): Promise<void> {
  const { order } = stack.databases;
  await order('orders')
    .where('order_id', subject.orderId)
    .update({ owned_at: moment(order, awayMs) });
}

export async function letAdopt({ stack, subject }: Injection): Promise<void> {
  const { order } = stack.databases;
  await order('orders')
    .where('order_id', subject.orderId)
    .where('owned_at', '>', order.fn.now(6))
    .update({ owned_at: moment(order, -10_000) });
}

/** An alert that was raised later than now forces nothing. */
export async function holdOffForce({ stack, subject }: Injection): Promise<void> {
  const { order } = stack.databases;
  await order('alerts')
    .where('order_id', subject.orderId)
    .update({ raised_at: moment(order, awayMs) });
}

export async function letForce({ stack, subject }: Injection): Promise<void> {
  const { order } = stack.databases;
  await order('alerts')
    .where('order_id', subject.orderId)
    .update({ raised_at: moment(order, -10_000) });
}

/** What is older than every limit is looked at by the next run. */
export async function age(
  { stack, subject }: Injection,
  service: ParticipantName,
  table: 'reservations' | 'xa_branches',
): Promise<void> {
  const knex = stack.databases[service];
  const column = table === 'reservations' ? 'reserved_at' : 'started_at';
  await knex(table)
    .where('order_id', subject.orderId)
    .update({ [column]: moment(knex, -awayMs) });
}

/** Has recovery look for work, again and again, until this holds or the cell is over. */
export function recoverUntil(cell: Injection, holds: () => Promise<boolean>): Promise<void> {
  const schedule = cell.stack.temporal.schedule.getHandle(recoveryScheduleId);
  let nextAt = 0;
  return until(
    'recovery has done it',
    async () => {
      if (cell.isClosed || (await holds())) return true;
      if (Date.now() >= nextAt) {
        nextAt = Date.now() + kickEveryMs;
        await schedule.trigger(ScheduleOverlapPolicy.SKIP);
      }
      return false;
    },
    40_000,
  );
}

/** Ends the workflow that drives the order, as an operator would in the Temporal UI. */
export async function terminateOwner(cell: Injection): Promise<void> {
  const { owner } = await cell.caller.row();
  await cell.stack.temporal.workflow.getHandle(String(owner)).terminate('the failure matrix');
}

/** Resolves once the order's newest resolution is over, or can go on no more. */
export async function resolutionOver(cell: Injection): Promise<void> {
  const { stack, subject } = cell;
  await until(
    `the resolution of ${subject.orderId} is over`,
    async () => {
      if (cell.isClosed) return true;
      const row = await stack.databases
        .order('resolutions')
        .where('order_id', subject.orderId)
        .orderBy('resolution_id', 'desc')
        .first('workflow_id', 'outcome');
      if (!row) return false;
      if (row.outcome !== null) return true;
      const { status } = await stack.temporal.workflow.getHandle(row.workflow_id).describe();
      return status.name !== 'RUNNING';
    },
    40_000,
  );
}

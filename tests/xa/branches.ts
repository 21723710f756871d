import { hasOurForm, listPrepared } from '../../activities/participant/branch-connection';
import { workflowTypes } from '../../contracts/names';
import type { AdoptInput, ScanInput, ScanResult } from '../../contracts/workflows';
import { Gate, runOnce } from '../support/orders';
import type { Faults } from '../support/faults';
import { hurriedTiming, type World } from '../support/world';

/** Helpers of XA's tests. */

type Participant = 'product' | 'point';

/** The prepared branches of this world, as the servers list them. */
export async function preparedIn(world: World): Promise<Participant[]> {
  const found: Participant[] = [];
  for (const participant of ['product', 'point'] as const) {
    const gtrids = await gtridsOf(world, participant);
    const prepared = await listPrepared(world.databases[participant]);
    for (const branch of prepared) {
      if (hasOurForm(branch, participant) && gtrids.has(branch.gtrid)) found.push(participant);
    }
  }
  return found;
}

/** Commits or rolls back a participant's prepared branch, like an operator by hand. */
export async function endByHand(
  world: Pick<World, 'databases'>,
  participant: Participant,
  how: 'COMMIT' | 'ROLLBACK',
): Promise<number> {
  const gtrids = await gtridsOf(world, participant);
  const prepared = await listPrepared(world.databases[participant]);
  const ours = prepared.filter(
    (branch) => hasOurForm(branch, participant) && gtrids.has(branch.gtrid),
  );
  for (const { gtrid, bqual, formatId } of ours) {
    await world.databases[participant].raw(
      `XA ${how} X'${gtrid}', X'${bqual}', ${String(formatId)}`,
    );
  }
  return ours.length;
}

async function gtridsOf(
  world: Pick<World, 'databases'>,
  participant: Participant,
): Promise<Set<string>> {
  return new Set(await world.databases[participant]('xa_branches').pluck('gtrid'));
}

/** Each participant's note of an order's branch; undefined if it never began. */
export async function notesOf(world: World, orderId: string) {
  const note = async (participant: Participant) => {
    const row = await world.databases[participant]('xa_branches')
      .where('order_id', orderId)
      .first('ended_as');
    return row && (row.ended_as ?? 'open');
  };
  return { product: await note('product'), point: await note('point') };
}

/** An order's open alerts, by kind. */
export function alertsOf(world: World, orderId: string): Promise<string[]> {
  return world.databases
    .order('alerts')
    .where('order_id', orderId)
    .whereNull('resolved_at')
    .orderBy('kind')
    .pluck('kind');
}

/** Ends every prepared branch that a test left. */
export async function rollBackAll(world: Pick<World, 'databases'>): Promise<void> {
  await endByHand(world, 'product', 'ROLLBACK');
  await endByHand(world, 'point', 'ROLLBACK');
}

/**
 * The process dies in this step, before or after its work: its reply never arrives, and nothing of
 * it runs any more. Open the gate at the end of the test, so that the worker can stop.
 */
export function dies(world: World, step: keyof Faults, when: 'before' | 'after'): Gate {
  const gate = new Gate();
  world.faults[step] = async (run) => {
    if (when === 'after') await run();
    await gate.pass();
    throw new Error('the process is dead');
  };
  return gate;
}

export const adopt = (world: World) =>
  runOnce(world, workflowTypes.adoptOrders, {
    timing: hurriedTiming,
    olderThanMs: 0,
    limit: 5,
  } satisfies AdoptInput);

/** For the scanner: every branch is old enough. */
export function scanInput(cancelAfterMs = 0): ScanInput {
  return { timing: hurriedTiming, olderThanMs: 0, cancelAfterMs, limit: 100 };
}

/** One run of the scanner. */
export function scan(world: World, cancelAfterMs?: number): Promise<ScanResult> {
  const input = scanInput(cancelAfterMs);
  return runOnce(world, workflowTypes.scanBranches, input) as Promise<ScanResult>;
}

const handSteps = { use: 'preparePoints', refund: 'rollbackPoints' } as const;

/** Corrects the points' books by the runbook's statements. */
export async function putRight(
  world: World,
  orderId: string,
  kind: 'use' | 'refund',
  points = 1,
): Promise<void> {
  const change = kind === 'use' ? -points : points;
  await world.databases.point.transaction(async (trx) => {
    await trx.raw(
      `INSERT INTO steps (order_id, step, hash, outcome)
       SELECT order_id, ?, hash, '{"kind":"done"}' FROM xa_branches WHERE order_id = ?`,
      [handSteps[kind], orderId],
    );
    const entry = { order_id: orderId, customer_id: 'anna', kind, points: change };
    await trx('point_ledger').insert(entry);
    await trx('point_accounts').where('customer_id', 'anna').increment('available', change);
  });
}

import type { Injection } from './injection';
import { until } from './until';

/** Tries that come when what they are to do is done, or is not to be done any more. */

/** The first try is held until it was made again, and the order has ended. */
export async function lateAfterRepetition(cell: Injection): Promise<void> {
  const window = cell.window('begin');
  await cell.begin();
  const first = await window.hit();
  cell.whenEnded(async () => {
    await until('it was made again', () => window.entered > 1 && window.ended > 0);
    first.release();
    await until('the late one has ended', () => window.ended >= window.entered);
    if (window.cut > 0) throw new Error('The fault did not fire: the late one was given up before');
  });
}

/** Every try is held until the order has ended without it, or somebody else has decided. */
export async function late(cell: Injection): Promise<void> {
  const { kind } = cell.step;
  const isOutrun = kind === 'decision' || kind === 'claim';
  const window = cell.window('begin', isOutrun ? 1 : Infinity);
  const other = cell.step.overtakenBy && cell.watch(cell.step.overtakenBy, onceAtItsBegin);
  await cell.begin();
  const first = await window.hit();
  const arrived = () =>
    until('what was late has been carried out', () => window.ended > window.cut);
  if (isOutrun) {
    await cancelAsCustomer(cell);
    first.release();
    await arrived();
    return;
  }
  if (other) {
    const reply = await other.hit();
    await cancelAsCustomer(cell);
    reply.release();
  }
  cell.whenEnded(async () => {
    for (const hit of [first, ...window.rest()]) hit.release();
    await until('the late ones have ended', () => window.ended >= window.entered);
    await arrived();
  });
}

const onceAtItsBegin = { skip: 0, position: 'begin', times: 1 } as const;

async function cancelAsCustomer({ caller }: Injection): Promise<void> {
  await caller.cancel();
}

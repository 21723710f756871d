import { setTimeout as sleep } from 'node:timers/promises';
import type { Injection } from './injection';
import type { Intercepted, Position } from './injection-point';
import { workerRoleOf } from './transaction-matcher';
import { begin } from './orders';
import { attemptMsMax } from './tuning';
import { until } from './until';

/**
 * How each fault is made, on the real processes. Each waits for its window first, which throws
 * when the step never comes there.
 */

const refusedMs = 1_000;
const secondTryMsMax = 1_500;

export async function failBefore(cell: Injection): Promise<void> {
  (await cell.caught('begin')).hit.cut();
}

export async function loseReply(cell: Injection): Promise<void> {
  (await cell.caught('made')).hit.cut();
}

/** Neither the reply nor the loss of the connection is ever heard of: nothing comes any more. */
export async function swallowReply(cell: Injection): Promise<void> {
  const { hit } = await cell.caught('made');
  cell.whenEnded(() => {
    hit.cut();
    return Promise.resolve();
  });
}

/** The first is held until it is given up and tried again; then both go. */
export async function twiceAtOnce(cell: Injection): Promise<void> {
  if (cell.step.kind === 'claim') {
    await claimedByTwo(cell);
    return;
  }
  const { window, hit } = await cell.caught('begin', 2);
  for (const one of [hit, await window.hit()]) one.release();
}

/** While the API is about to claim the order another does, and drives it to its end. */
async function claimedByTwo(cell: Injection): Promise<void> {
  const { stack, step, orders, subject, caller } = cell;
  const { window, hit } = await cell.caught('begin');
  await begin(stack, { ...step.scenario, start: 'batch' }, orders, caller);
  await until(`${subject.orderId} was completed by the other`, async () => {
    return (await cell.caller.row()).status === 'COMPLETED';
  });
  hit.release();
  await until('the claim that lost has ended', () => window.ended >= 1);
}

export async function refuseConnections(cell: Injection): Promise<void> {
  const { stack, step } = cell;
  const { hit } = await cell.caught('begin');
  const before = stack.refused(workerRoleOf(step));
  stack.refuse(workerRoleOf(step), true);
  hit.cut();
  try {
    await sleep(refusedMs);
    await until('somebody was refused', () => stack.refused(workerRoleOf(step)) > before);
  } finally {
    stack.refuse(workerRoleOf(step), false);
  }
}

/** Kills a process while the step is caught. What was caught dies with it, or goes on. */
function killing(
  position: Position,
  victimOf: (cell: Injection, hit: Intercepted) => string,
  then: 'cut' | 'release',
): (cell: Injection) => Promise<void> {
  return async (cell) => {
    const { hit } = await cell.caught(position);
    const victim = victimOf(cell, hit);
    cell.stack.signal(victim, 'SIGKILL');
    hit[then]();
    await cell.stack.ready(victim);
  };
}

const workerOf = ({ stack, step }: Injection, { lane }: Intercepted) =>
  stack.processOf(workerRoleOf(step), lane);

export const killDatabase = killing(
  'inside',
  (cell) => cell.stack.serverOf(cell.step.service),
  'cut',
);
export const killWorkerBefore = killing('inside', workerOf, 'cut');
export const killWorkerAfter = killing('made', workerOf, 'cut');
export const killWorkflowWorker = killing('begin', () => 'workflow-worker', 'release');
export const killTemporal = killing('inside', () => 'temporal', 'release');
/** It has claimed, and dies before it has started anything. */
export const killApiAfter = killing('made', () => 'api', 'cut');

/**
 * It wakes up once its attempt was given up and, in most cells, a second has begun elsewhere; that
 * is not waited for long, because Temporal gives some of the tries to the frozen worker.
 */
export async function freezeWorker(cell: Injection): Promise<void> {
  const { stack } = cell;
  const { window, hit } = await cell.caught('inside');
  const worker = workerOf(cell, hit);
  stack.signal(worker, 'SIGSTOP');
  try {
    await sleep(attemptMsMax);
    const deadline = Date.now() + secondTryMsMax;
    while (window.entered < 2 && Date.now() < deadline) await sleep(25);
  } finally {
    stack.signal(worker, 'SIGCONT');
  }
  hit.release();
}

export async function killApi(cell: Injection): Promise<void> {
  const { stack, step } = cell;
  const { hit } = await cell.caught('begin');
  const lost = cell.answered.then(
    () => {
      throw new Error('The caller had been answered before the API was killed');
    },
    () => undefined,
  );
  stack.signal('api', 'SIGKILL');
  await lost;
  // The API's own statement dies with it.
  if (step.driver === 'api') hit.cut();
  else hit.release();
  await stack.ready('api');
}

/** It has claimed, and sleeps; adoption drives the order; then it wakes and starts its workflow. */
export async function freezeApi(cell: Injection): Promise<void> {
  const { stack, subject } = cell;
  const { hit } = await cell.caught('made');
  stack.signal('api', 'SIGSTOP');
  const { owner: frozenOwner } = await cell.caller.row();
  try {
    hit.release();
    await until(`${subject.orderId} was adopted and has ended`, async () => {
      const row = await cell.caller.row();
      return row.owner !== frozenOwner && row.status === 'COMPLETED';
    });
  } finally {
    stack.signal('api', 'SIGCONT');
  }
  cell.whenEnded(async () => {
    const late = stack.temporal.workflow.getHandle(String(frozenOwner));
    await until('the workflow that was started too late has closed', async () => {
      return (await late.describe()).status.name === 'COMPLETED';
    });
  });
}

/** The first try is held until it was made again, and the order has ended. */
export async function lateAfterRepetition(cell: Injection): Promise<void> {
  const { window, hit: first } = await cell.caught('begin');
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
  const once = { skip: 0, position: 'begin', times: 1 } as const;
  const other = cell.step.overtakenBy && cell.watch(cell.step.overtakenBy, once);
  await cell.begin();
  const first = await window.hit();
  const arrived = () =>
    until('what was late has been carried out', () => window.ended > window.cut);
  if (isOutrun) {
    await cell.caller.cancel();
    first.release();
    await arrived();
    return;
  }
  if (other) {
    const reply = await other.hit();
    await cell.caller.cancel();
    reply.release();
  }
  cell.whenEnded(async () => {
    for (const hit of [first, ...window.rest()]) hit.release();
    await until('the late ones have ended', () => window.ended >= window.entered);
    await arrived();
  });
}

export { deadlock, lockRow } from './inject-locks';
export { holdOrder, lockServer, makeReadOnly } from './inject-server';
export { cancel, terminate } from './inject-workflow';

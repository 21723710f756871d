import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import { helperAttributes } from '../../contracts/labels';
import { taskQueues } from '../../contracts/names';
import {
  recoveries,
  recoveryKinds,
  type LookResult,
  type RecoveryKind,
  type RecoverySettings,
} from '../../contracts/recovery';
import type { Service } from '../../contracts/participants';
import type { AdoptInput, AgedInput, DrainInput, ScanInput } from '../../contracts/workflows';
import { isSearchable, showTroubled } from '../ui/attributes';
import { showDetails } from '../ui/details';
import { quoted, tableOf } from '../ui/markdown';
import { participantsHere } from '../shared/participants';
import { lookedAtOrderSteps, settingsSteps, workFinderOf } from '../shared/steps';
import { zip } from '../shared/zip';
import { failureMessage } from '../shared/reasons';

/**
 * A run that cannot continue (its worker's build or placement is gone) ends then; a look replaces
 * it.
 */
const runMsMax = 600_000;

/** Owners, rows, orders or branches per page of a run. */
const pageSizes: Record<RecoveryKind, number> = {
  adoption: 500,
  drain: 256,
  force: 100,
  scan: 100,
  sweep: 100,
};

/** A service's answer, or why it did not answer. */
type Answer = { found: RecoveryKind[] } | { silent: string };

/**
 * The look for all kinds of recovery. The schedule starts it, and so does a service that finds
 * work. It asks every service, and starts a run of each kind that has work, unless one is open. A
 * service that is down is asked by the next look, and does not block the others.
 */
export async function recoverOrders(): Promise<LookResult> {
  const settings = await settingsSteps().recoverySettings();
  const { ages, timing } = settings;
  const order = lookedAtOrderSteps({ timing });
  const participants = participantsHere();
  const [orders, answers] = await Promise.all([
    answerOf(() => order.findOrderWork(ages)),
    Promise.all(participants.map((one) => answerOf(() => workFinderOf(one, { timing })(ages)))),
  ]);
  const askedOf: Record<RecoveryKind, Answer[]> = {
    adoption: [orders],
    drain: [orders],
    force: [orders],
    scan: answers,
    sweep: answers,
  };
  const found: LookResult = {};
  for (const kind of recoveryKinds) {
    const wanted = isWanted(kind, askedOf[kind]);
    if (wanted !== undefined) found[kind] = wanted;
  }
  const wanted = recoveryKinds.filter((kind) => found[kind]);
  const starts = await Promise.all(wanted.map((kind) => start(kind, settings)));
  const asked: [service: Service, answer: Answer][] = [
    ['order', orders],
    ...zip(participants, answers).map(([{ name }, answer]): [Service, Answer] => [name, answer]),
  ];
  const silent = asked.flatMap(([service, answer]) =>
    'silent' in answer ? [[service, answer.silent]] : [],
  );
  if (silent.length > 0) showTroubled();
  const started = wanted.map((kind, i) => `${kind}: ${starts[i] ?? ''}`);
  showDetails(() => detailsOf(started, silent));
  const noted = await answerOf(async () => {
    await order.noteLook(found);
    return [];
  });
  if ('silent' in noted) showTroubled();
  return found;
}

async function answerOf(ask: () => Promise<RecoveryKind[]>): Promise<Answer> {
  try {
    return { found: await ask() };
  } catch (error) {
    return { silent: failureMessage(error) };
  }
}

/** Undefined if no service that answered has work, and some service did not answer. */
function isWanted(kind: RecoveryKind, answers: Answer[]): boolean | undefined {
  if (answers.some((answer) => 'found' in answer && answer.found.includes(kind))) return true;
  return answers.some((answer) => 'silent' in answer) ? undefined : false;
}

async function start(kind: RecoveryKind, settings: RecoverySettings): Promise<string> {
  const { workflowType, workflowId, does, pattern } = recoveries[kind];
  try {
    await startChild(workflowType, {
      workflowId,
      taskQueue: taskQueues.workflow,
      args: [inputOf(kind, settings)],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowRunTimeout: runMsMax,
      staticSummary: does,
      ...(isSearchable() && { typedSearchAttributes: helperAttributes(pattern) }),
    });
    return 'started';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'under way';
    throw error;
  }
}

function inputOf(
  kind: RecoveryKind,
  { timing, ages, scanCancelAfterMs, runbooksUrl }: RecoverySettings,
): AdoptInput | DrainInput | AgedInput | ScanInput {
  const limit = pageSizes[kind];
  const common = { timing, limit, ...(runbooksUrl !== undefined && { runbooksUrl }) };
  switch (kind) {
    case 'adoption':
      return { ...common, olderThanMs: ages.adoptAfterMs };
    case 'drain':
      return common;
    case 'force':
      return { ...common, olderThanMs: ages.forceAfterMs };
    case 'scan':
      return { ...common, olderThanMs: ages.scanAfterMs, cancelAfterMs: scanCancelAfterMs };
    case 'sweep':
      return { ...common, olderThanMs: ages.sweepAfterMs };
  }
}

/** Shows operators which runs this look started, and which services did not answer. */
function detailsOf(started: string[], silent: string[][]): string {
  const heads = ['service that does not answer', 'why'];
  return [
    started.length === 0 ? 'No service has anything to recover.' : started.join(', '),
    ...tableOf(heads, silent, ([service = '', why = '']) => [service, quoted(why)]),
  ].join('\n');
}

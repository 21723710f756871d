import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { createTemporalStarter } from '../../api/placing/temporal';
import { searchAttributes } from '../../contracts/labels';
import { taskQueues } from '../../contracts/names';
import type { Pattern, PlacedOrder } from '../../contracts/order';
import { patternRows } from '../../contracts/patterns';
import { claim, createOrder, type OrderSketch } from './orders';
import { hurriedTiming, type World } from './world';

/** What an operator reads in the Temporal UI, queried like the UI does. */

export const runbooksUrl = 'https://pages.example/runbooks/';

export const linkTo = (runbook: string) => `[runbook ${runbook}](${runbooksUrl}${runbook})`;

/** Claims these orders and starts their workflow through the API's own starter. */
export async function startedByApi(
  world: World,
  pattern: Pattern,
  orders: PlacedOrder[],
  timing = hurriedTiming,
) {
  const workflowId = await claim(world, orders, pattern);
  const start = createTemporalStarter(world.client, {
    pattern,
    workflowType: patternRows[pattern].workflow,
    taskQueue: taskQueues.workflow,
    runbooksUrl,
  });
  const { closed } = await start(workflowId, { orders, timing });
  return { handle: world.client.workflow.getHandle(workflowId), closed };
}

/** Places new orders of these sketches like the API, to the end of their workflow. */
export async function placedByApi(world: World, pattern: Pattern, ...sketches: OrderSketch[]) {
  const orders: PlacedOrder[] = [];
  for (const sketch of sketches) orders.push(await createOrder(world, sketch));
  const { handle, closed } = await startedByApi(world, pattern, orders);
  await closed;
  return { orders, orderId: orders[0]?.orderId ?? '', handle };
}

export async function detailsOf(handle: WorkflowHandle): Promise<string> {
  const metadata = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails;
}

export async function staticSummaryOf(handle: WorkflowHandle): Promise<string | undefined> {
  return (await handle.describe()).staticSummary();
}

/** Pattern, size, worst status, troubled; undefined where one is not set. */
export async function attributesOf(workflowId: string, client: Client): Promise<unknown[]> {
  const { typedSearchAttributes: told } = await client.workflow.getHandle(workflowId).describe();
  return Object.values(searchAttributes).map((key) => told.get(key));
}

/** `activity: summary` of each activity that the timeline names, each once, sorted. */
export async function timelineOf(handle: WorkflowHandle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  const named = (events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes: scheduled, userMetadata }) => {
      if (!scheduled) return [];
      const summary = userMetadata?.summary
        ? defaultPayloadConverter.fromPayload<string>(userMetadata.summary)
        : 'no summary';
      return [`${scheduled.activityType?.name ?? ''}: ${summary}`];
    },
  );
  return [...new Set(named)].sort();
}

/** The pending activities, with their last failures. */
export async function pendingOf(handle: WorkflowHandle) {
  return ((await handle.describe()).raw.pendingActivities ?? []).map((one) => ({
    type: one.activityType?.name,
    attempt: one.attempt ?? 0,
    failure: one.lastFailure?.message,
  }));
}

/** The documented queries, by their descriptions. */
export function documentedQueries(): Map<string, string> {
  const text = readFileSync(join(__dirname, '..', '..', 'docs', 'temporal-ui.md'), 'utf8');
  const rows = [...text.matchAll(/^\| ([^|`]+?) +\| `([^`]+)` +\|$/gm)];
  return new Map(rows.map(([, words = '', query = '']) => [words, query]));
}

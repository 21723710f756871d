import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/**
 * What the workflows of a time cost in Temporal, by kind. A local activity is no action of the
 * server's, only a marker in a history, and is counted apart.
 */
export interface Actions {
  starts: number;
  activities: number;
  timers: number;
  signals: number;
  updates: number;
  localActivities: number;
}

/** Histories that are read of each type of workflow; of more, their mean is taken. */
const historiesMax = 100;

const kinds: [kind: keyof Actions, event: keyof HistoryEvent][] = [
  ['starts', 'workflowExecutionStartedEventAttributes'],
  ['activities', 'activityTaskScheduledEventAttributes'],
  ['timers', 'timerStartedEventAttributes'],
  ['signals', 'workflowExecutionSignaledEventAttributes'],
  ['updates', 'workflowExecutionUpdateAcceptedEventAttributes'],
];

const localActivityMarker = 'core_local_activity';

/**
 * What was done between two instants by all workflows that were open then, those of the schedules
 * left out: they come by the clock, however many orders there are.
 */
export async function temporalActions(client: Client, since: Date, until: Date): Promise<Actions> {
  const query =
    `TemporalScheduledById IS NULL AND StartTime < '${until.toISOString()}' ` +
    `AND (ExecutionStatus = 'Running' OR CloseTime >= '${since.toISOString()}')`;
  const byType = new Map<string, { workflowId: string; runId: string }[]>();
  for await (const { type, workflowId, runId } of client.workflow.list({ query })) {
    byType.set(type, [...(byType.get(type) ?? []), { workflowId, runId }]);
  }
  const sum = nothing();
  for (const all of byType.values()) {
    const every = Math.ceil(all.length / historiesMax);
    const some = all.filter((_, i) => i % every === 0);
    for (const { workflowId, runId } of some) {
      const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      for (const kind of (events ?? []).flatMap((event) => kindOf(event, since, until))) {
        sum[kind] += all.length / some.length;
      }
    }
  }
  return sum;
}

function kindOf(event: HistoryEvent, since: Date, until: Date): (keyof Actions)[] {
  const at = Number(event.eventTime?.seconds ?? 0) * 1_000 + (event.eventTime?.nanos ?? 0) / 1e6;
  if (at < since.getTime() || at >= until.getTime()) return [];
  if (event.markerRecordedEventAttributes?.markerName === localActivityMarker) {
    return ['localActivities'];
  }
  return kinds.flatMap(([kind, attributes]) => (event[attributes] ? [kind] : []));
}

function nothing(): Actions {
  return { starts: 0, activities: 0, timers: 0, signals: 0, updates: 0, localActivities: 0 };
}

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import type { Outcome } from './outcomes';

/**
 * The recorded histories: this folder's `*.json` are those of today's code, and each sub-folder
 * holds those of code that workflows may still be open from (docs/changing-workflows.md).
 */
export const folder = join(__dirname, 'histories');
const suffix = '.json';
/**
 * Not the SDK's own `historyToJSON`: that needs one copy of protobufjs for several packages, which
 * npm does not promise, and throws "type must be a Type" where there are more.
 */
const { History } = temporal.api.history.v1;
const asJson = { longs: String, enums: String, bytes: String };
const recorder = 'recorder';
const stickyKind = 'TASK_QUEUE_KIND_STICKY';

/** Their names, such as `completed`, or `before-points-first/completed`. */
export function recorded(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length).split(sep).join('/'))
    .sort();
}

export function textOf(name: string): string {
  return readFileSync(join(folder, `${name}${suffix}`), 'utf8');
}

/** As `Worker.runReplayHistories` takes it. */
export function historyOf(name: string): temporal.api.history.v1.IHistory {
  return History.fromObject(JSON.parse(textOf(name)) as Record<string, unknown>);
}

/** The id that it ran under: ids of child workflows may follow from it. */
export function workflowIdOf(name: string): string {
  const [started] = historyOf(name).events ?? [];
  const id = started?.workflowExecutionStartedEventAttributes?.workflowId;
  if (!id) throw new Error(`${name} does not say whose history it is`);
  return id;
}

/** An event of a history as JSON has it. */
export interface RecordedEvent {
  eventType: string;
  [attributes: string]: unknown;
}

export function eventsOf(name: string): RecordedEvent[] {
  return (JSON.parse(textOf(name)) as { events: RecordedEvent[] }).events;
}

/** Writes a closed workflow's history, without the names of the machine that it was made on. */
export async function record(outcome: Outcome, handle: WorkflowHandle): Promise<void> {
  const history = History.toObject(History.fromObject(await handle.fetchHistory()), asJson);
  const text = JSON.stringify(anonymous(history), null, 1);
  writeFileSync(join(folder, `${outcome}${suffix}`), `${text}\n`);
}

/** Replay reads none of what is replaced here: who polled, and where an error was thrown. */
function anonymous(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => anonymous(item, key));
  if (key === 'identity') return recorder;
  if (key === 'stackTrace') return '';
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, of]) => [name, anonymous(of, name)] as const);
  const copy = Object.fromEntries(entries);
  // A sticky task queue is named after the process that polls it.
  return copy['kind'] === stickyKind ? { ...copy, name: recorder } : copy;
}

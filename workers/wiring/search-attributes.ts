import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { encodeSearchAttributeIndexedValueType as encode } from '@temporalio/common/lib/search-attributes';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { searchAttributes } from '../../contracts/labels';

const wanted = Object.values(searchAttributes);

const waitMsMax = 20_000;
const pollMs = 200;

/** The namespace lacks the search attributes, and they could not be added. */
export class SearchAttributesMissing extends Error {}

/**
 * Ensures the search attributes at a process's start. If they are missing, logs that and continues.
 */
export async function searchable(
  connection: Connection | NativeConnection,
  namespace: string,
  logger: Logger,
): Promise<boolean> {
  try {
    await ensureSearchAttributes(connection, namespace);
    return true;
  } catch (error) {
    if (!(error instanceof SearchAttributesMissing)) throw error;
    logger.error(
      { err: error },
      'search attributes are missing in Temporal; orders run but cannot be searched',
    );
    return false;
  }
}

/**
 * Registers missing search attributes in the namespace, and waits until the server accepts them,
 * which takes a moment. Safe to repeat, also concurrently.
 *
 * @throws SearchAttributesMissing with advice, if the server refuses, or if one exists with another
 *   type.
 */
export async function ensureSearchAttributes(
  connection: Connection | NativeConnection,
  namespace: string,
): Promise<void> {
  const there = await listed(connection, namespace);
  for (const { name, type } of wanted) {
    const found = there[name];
    if (found === undefined || found === encode(type)) continue;
    throw missing(`${name} of the namespace ${namespace} is not of type ${type}`);
  }
  const lacking = wanted.filter(({ name }) => there[name] === undefined);
  if (lacking.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(lacking.map((a) => [a.name, encode(a.type) ?? 0])),
    });
    await untilTaken(connection, namespace);
  } catch (error) {
    const names = lacking.map(({ name }) => name).join(', ');
    throw missing(`${names} could not be added to the namespace ${namespace}`, error);
  }
}

async function listed(connection: Connection | NativeConnection, namespace: string) {
  const { operatorService } = connection;
  try {
    return (await operatorService.listSearchAttributes({ namespace })).customAttributes;
  } catch (error) {
    throw missing(`those of the namespace ${namespace} could not be listed`, error);
  }
}

function missing(what: string, cause?: unknown): SearchAttributesMissing {
  const sentence = `Search attributes: ${what}. See docs/temporal-ui.md.`;
  return new SearchAttributesMissing(sentence, { cause });
}

/** Temporal refuses a query that names an unknown attribute, as it would a workflow's start. */
async function untilTaken(connection: Connection | NativeConnection, namespace: string) {
  const query = wanted.map(({ name }) => `${name} IS NULL`).join(' AND ');
  const deadline = Date.now() + waitMsMax;
  for (;;) {
    try {
      await connection.workflowService.countWorkflowExecutions({ namespace, query });
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await sleep(pollMs);
  }
}

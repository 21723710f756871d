import { type WorkflowClient, WorkflowNotFoundError } from '@temporalio/client';
import type { AskOwners } from '../../activities/order/adoption';
import { openSharedDeliveries, orderOfDeliveries, type DeliveryMemo } from '../../contracts/events';

/**
 * Ids in one query, which stays some twenty kilobytes long. Temporal reads its list of workflows for
 * each query, so that few large ones cost less than many small ones.
 */
const idsPerQuery = 500;
const prefixesPerQuery = 25;
const asksAtOnce = 20;
/** So few are asked for by their ids, which is never late. */
const fewMax = 50;

/**
 * Asks Temporal which of these owners of orders are open, many per query. The list of workflows lags
 * a little, so only safe answers are taken from it. A workflow listed as closed stays closed. One
 * listed as open may have closed since; the next look sees that. All others are looked up by id. A
 * history past retention is not open. If the owner is an order's deliveries, it is open while one
 * delivery is.
 */
export function createAskOwners(client: WorkflowClient): AskOwners {
  return async (owners) => {
    const open = new Set<string>();
    const byDeliveries = new Map<string, string>();
    const workflowIds: string[] = [];
    for (const owner of owners) {
      const orderId = orderOfDeliveries(owner);
      if (orderId === undefined) workflowIds.push(owner);
      else byDeliveries.set(orderId, owner);
    }
    const closed = new Set<string>();
    const listable = workflowIds.length > fewMax ? workflowIds : [];
    for (const some of chunksOf(listable, idsPerQuery)) await list(client, some, { open, closed });
    const unknown = workflowIds.filter((id) => !open.has(id) && !closed.has(id));
    for (const some of chunksOf(unknown, asksAtOnce)) {
      await Promise.all(some.map(async (id) => (await isOpen(client, id)) && open.add(id)));
    }
    const noteOpen = (orderId: string) => {
      const owner = byDeliveries.get(orderId);
      if (owner !== undefined) open.add(owner);
    };
    for (const some of chunksOf([...byDeliveries.keys()], prefixesPerQuery)) {
      (await ordersDelivered(client, some)).forEach(noteOpen);
    }
    if (byDeliveries.size > 0) (await ordersOfSharedDeliveries(client)).forEach(noteOpen);
    return open;
  };
}

const openStatuses: readonly string[] = ['RUNNING', 'PAUSED'];

/** Notes what the list says for certain; ids of which it says nothing certain are left out. */
async function list(
  client: WorkflowClient,
  ids: readonly string[],
  { open, closed }: { open: Set<string>; closed: Set<string> },
): Promise<void> {
  // A workflow id is ours, and has no quotation mark in it.
  const query = `WorkflowId IN (${ids.map((id) => `"${id}"`).join(', ')})`;
  for await (const { workflowId, status } of client.list({ query })) {
    if (openStatuses.includes(status.name)) open.add(workflowId);
    // The next run of one that continued as new may not be listed yet.
    else if (status.name !== 'CONTINUED_AS_NEW') closed.add(workflowId);
  }
}

async function isOpen(client: WorkflowClient, workflowId: string): Promise<boolean> {
  try {
    const { status } = await client.getHandle(workflowId).describe();
    return openStatuses.includes(status.name);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Those of these orders that have an open delivery. */
async function ordersDelivered(
  client: WorkflowClient,
  orderIds: readonly string[],
): Promise<Set<string>> {
  // Ids are letters, digits, `_` and `-`: nothing in them can end the string.
  const ofOne = (orderId: string) => `WorkflowId STARTS_WITH "${orderId}:"`;
  const query = `ExecutionStatus = "Running" AND (${orderIds.map(ofOne).join(' OR ')})`;
  const open = new Set<string>();
  for await (const { workflowId } of client.list({ query })) {
    open.add(workflowId.slice(0, workflowId.indexOf(':')));
  }
  return open;
}

/** Each delivery's memo takes up to ten kilobytes, and an answer may have four million. */
const memosPerPage = 100;

/** The orders of all open deliveries that several events share. */
async function ordersOfSharedDeliveries(client: WorkflowClient): Promise<Set<string>> {
  const orders = new Set<string>();
  const page = { query: openSharedDeliveries, pageSize: memosPerPage };
  for await (const { memo } of client.list(page)) {
    for (const orderId of (memo as DeliveryMemo | undefined)?.orders ?? []) orders.add(orderId);
  }
  return orders;
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}

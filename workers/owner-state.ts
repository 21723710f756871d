import { type WorkflowClient, WorkflowNotFoundError } from '@temporalio/client';
import type { AskOwners, OwnerState } from '../activities/order/adoption';
import { orderOfDeliveries } from '../contracts/events';

/**
 * Ids per query, which makes it about twenty kilobytes long. Temporal scans its list of workflows
 * for each query, so a few large queries cost less than many small ones.
 */
const idsPerQuery = 500;
const prefixesPerQuery = 25;
const asksAtOnce = 20;
/** Up to this number, owners are looked up by id, which is never outdated. */
const fewMax = 50;

/**
 * Asks Temporal for the state of orders' owners, many per query. The list of workflows lags a
 * little, so only safe answers are taken from it. A workflow listed as closed stays closed. One
 * listed as open may have closed since; the next look sees that. All others are looked up by id. A
 * history past retention counts as `gone`. If the owner is an order's deliveries, it is open while
 * one delivery is.
 */
export function createAskOwners(client: WorkflowClient): AskOwners {
  return async (owners) => {
    const states = new Map<string, OwnerState>();
    const byDeliveries = new Map<string, string>();
    const workflowIds: string[] = [];
    for (const owner of owners) {
      const orderId = orderOfDeliveries(owner);
      if (orderId === undefined) workflowIds.push(owner);
      else byDeliveries.set(orderId, owner);
    }
    const listable = workflowIds.length > fewMax ? workflowIds : [];
    for (const some of chunksOf(listable, idsPerQuery)) {
      for (const [id, state] of await listed(client, some)) states.set(id, state);
    }
    const unknown = workflowIds.filter((id) => !states.has(id));
    for (const some of chunksOf(unknown, asksAtOnce)) {
      const described = await Promise.all(some.map((id) => describe(client, id)));
      some.forEach((id, i) => states.set(id, described[i] ?? 'gone'));
    }
    for (const some of chunksOf([...byDeliveries.keys()], prefixesPerQuery)) {
      const open = await ordersDelivered(client, some);
      for (const orderId of some) {
        const owner = byDeliveries.get(orderId);
        if (owner !== undefined) states.set(owner, open.has(orderId) ? 'open' : 'gone');
      }
    }
    return states;
  };
}

/** The states of which the list is certain. Other ids are left out. */
async function listed(
  client: WorkflowClient,
  ids: readonly string[],
): Promise<Map<string, OwnerState>> {
  const states = new Map<string, OwnerState>();
  // Workflow ids are generated here and contain no quotation mark.
  const query = `WorkflowId IN (${ids.map((id) => `"${id}"`).join(', ')})`;
  for await (const { workflowId, status } of client.list({ query })) {
    const isOpen = status.name === 'RUNNING' || status.name === 'PAUSED';
    if (isOpen) states.set(workflowId, 'open');
    // The list may not contain the workflow's next run yet.
    if (isOpen || status.name === 'CONTINUED_AS_NEW') continue;
    if (!states.has(workflowId)) {
      states.set(workflowId, status.name === 'COMPLETED' ? 'completed' : 'gone');
    }
  }
  return states;
}

async function describe(client: WorkflowClient, workflowId: string): Promise<OwnerState> {
  try {
    const { status } = await client.getHandle(workflowId).describe();
    if (status.name === 'RUNNING' || status.name === 'PAUSED') return 'open';
    return status.name === 'COMPLETED' ? 'completed' : 'gone';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'gone';
    throw error;
  }
}

/** The orders that have an open delivery. */
async function ordersDelivered(
  client: WorkflowClient,
  orderIds: readonly string[],
): Promise<Set<string>> {
  // Ids are letters, digits, `_` and `-`, so they cannot end the quoted string.
  const ofOne = (orderId: string) => `WorkflowId STARTS_WITH "${orderId}:"`;
  const query = `ExecutionStatus = "Running" AND (${orderIds.map(ofOne).join(' OR ')})`;
  const open = new Set<string>();
  for await (const { workflowId } of client.list({ query })) {
    open.add(workflowId.slice(0, workflowId.indexOf(':')));
  }
  return open;
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}

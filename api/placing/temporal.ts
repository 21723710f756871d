import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { initialAttributes, searchAttributes, summaryOf } from '../../contracts/labels';
import type { StepTiming } from '../../contracts/limits';
import { taskQueues, workflowTypes } from '../../contracts/names';
import type { Pattern } from '../../contracts/order';
import type {
  PlaceOrdersInput,
  PlaceOrdersResult,
  ResolveInput,
  ResolveResult,
} from '../../contracts/workflows';
import type { StartOrders } from './send-batch';
import type { Resolutions } from '../resolution';
import { TemporalUnanswered } from './temporal-presence';

/** One attempt to start a workflow; the dispatcher retries with the same id. */
const startMsMax = 3_000;
const probeMsMax = 1_000;
/** How long workflows start without search attributes after the namespace has refused them. */
const plainMs = 60_000;
/** gRPC's code for an invalid request. */
const invalidArgument = 3;
/** gRPC's codes for a request without an answer: cancelled, deadline exceeded, unavailable. */
const unansweredCodes = [1, 4, 14];
/**
 * No workflow has this id. Looking it up involves Temporal's frontend, history service and
 * database.
 */
const probedWorkflowId = 'is-temporal-there';

/** The workflow that drives a pattern's orders; from `contracts/names`. */
export interface OrderWorkflow {
  pattern: Pattern;
  workflowType: string;
  taskQueue: string;
  /**
   * The workflow's worker shares this client's connection, so the first task comes with the start.
   */
  eager?: boolean;
  /** The base URL of the runbooks, for the links in the workflow's details. */
  runbooksUrl?: string | undefined;
}

type Resolving = (input: ResolveInput) => Promise<ResolveResult>;
type Placing = (input: PlaceOrdersInput) => Promise<PlaceOrdersResult>;

/**
 * Starts workflows of one type. Temporal accepts each id once within its retention. If the
 * namespace lacks the search attributes, workflows start without them: the order runs but cannot be
 * searched. A start without an answer fails with `TemporalUnanswered`; a refused one fails with
 * another error.
 */
export function createTemporalStarter(client: Client, workflow: OrderWorkflow): StartOrders {
  const startLabelled = createLabelledStart();
  const startOnce = async (options: WorkflowStartOptions<Placing>) => {
    try {
      await client.workflow.start<Placing>(workflow.workflowType, options);
    } catch (error) {
      // An earlier attempt started it, and its answer was lost.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  };
  return async (workflowId, input) => {
    const plain = optionsOf(workflow, workflowId, input);
    const attributes = initialAttributes(workflow.pattern, input.orders);
    await client
      .withDeadline(Date.now() + startMsMax, () =>
        startLabelled(attributes, (labels) => startOnce({ ...plain, ...labels })),
      )
      .catch((error: unknown) => {
        throw isUnanswered(error) ? new TemporalUnanswered(error) : error;
      });
    const closed = client.workflow.getHandle<Placing>(workflowId).result();
    return { closed: closed.then(nothing, nothing) };
  };
}

type Attributes = ReturnType<typeof initialAttributes>;

/**
 * Starts workflows with search attributes, and for a while without them once the namespace has
 * refused them.
 */
function createLabelledStart() {
  let plainUntil = 0;
  return async (
    typedSearchAttributes: Attributes,
    start: (labels: { typedSearchAttributes?: Attributes }) => Promise<unknown>,
  ): Promise<void> => {
    try {
      await start(Date.now() < plainUntil ? {} : { typedSearchAttributes });
    } catch (error) {
      if (!refusesOurAttributes(error)) throw error;
      plainUntil = Date.now() + plainMs;
      await start({});
    }
  };
}

function optionsOf(
  { pattern, taskQueue, eager, runbooksUrl }: OrderWorkflow,
  workflowId: string,
  input: PlaceOrdersInput,
): WorkflowStartOptions<Placing> {
  return {
    workflowId,
    taskQueue,
    args: [runbooksUrl === undefined ? input : { ...input, runbooksUrl }],
    // Operators see this in the list of workflows, without opening a payload.
    staticSummary: summaryOf(pattern, input.orders),
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    requestEagerStart: eager ?? false,
  };
}

/** The server names an attribute that it does not know or that has another type. */
function refusesOurAttributes(error: unknown): boolean {
  // The two kinds of connection fail with different error classes; both have this member.
  const { cause } = error as { cause?: { code?: number; message?: string } };
  const message = cause?.code === invalidArgument ? (cause.message ?? '') : '';
  return Object.values(searchAttributes).some(({ name }) => message.includes(name));
}

/**
 * Starts operators' resolutions, each id once, and waits for their outcomes. A resolution owns its
 * order, so an operator finds it in the Temporal UI like any owner.
 */
export function createTemporalResolver(
  client: Client,
  settings: { timing: StepTiming; runbooksUrl?: string | undefined },
): Resolutions {
  const { timing, runbooksUrl } = settings;
  const startLabelled = createLabelledStart();
  const run: Resolutions['run'] = async (workflowId, pattern, request) => {
    const { action, orderId, operator } = request;
    const links = runbooksUrl === undefined ? {} : { runbooksUrl };
    const options: WorkflowStartOptions<Resolving> = {
      workflowId,
      taskQueue: taskQueues.workflow,
      args: [{ ...request, timing, ...links }],
      staticSummary: `${pattern}: ${action} of order ${orderId} by ${operator}`,
      // A resolution that was terminated before it was recorded leaves its id to the next one.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
    };
    try {
      await client.withDeadline(Date.now() + startMsMax, () =>
        startLabelled(initialAttributes(pattern, [request]), (labels) =>
          client.workflow.start<Resolving>(workflowTypes.resolveOrder, { ...options, ...labels }),
        ),
      );
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return 'under-way';
      throw error;
    }
    const { outcome } = await client.workflow.getHandle<Resolving>(workflowId).result();
    return outcome;
  };
  const isOpen: Resolutions['isOpen'] = async (workflowId) => {
    try {
      const { status } = await client.workflow.getHandle(workflowId).describe();
      return status.name === 'RUNNING' || status.name === 'PAUSED';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  };
  return { run, isOpen };
}

/**
 * Resolves if Temporal answers, and rejects if it does not. It looks up a workflow that does not
 * exist: only a server whose database works can answer that.
 */
export function createTemporalProbe(client: Client): () => Promise<void> {
  return async () => {
    try {
      await client.withDeadline(Date.now() + probeMsMax, () =>
        client.workflow.getHandle(probedWorkflowId).describe(),
      );
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  };
}

function isUnanswered(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: number } };
  return cause?.code !== undefined && unansweredCodes.includes(cause.code);
}

/** The orders' rows record how each of them ended. */
function nothing(): void {
  return undefined;
}

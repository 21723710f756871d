import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Knex } from 'knex';
import type * as OrderModule from '../../activities/order/activities';
import type * as PointModule from '../../activities/point/activities';
import type * as ProductModule from '../../activities/product/activities';
import { openDatabase } from '../../activities/transaction/connection';
import type { StepTiming } from '../../contracts/limits';
import { taskQueues } from '../../contracts/names';
import type { Service } from '../../contracts/order';
import type { OrderActivities, PointActivities, ProductActivities } from '../../contracts/steps';
import type * as BundleModule from '../../workers/bundle';
import { ownerState } from '../../workers/owner-state';
import { ensureSearchAttributes } from '../../workers/search-attributes';
import { createTestDatabases, type TestDatabases } from './databases';
import { quietRuntime } from './runtime';
import { temporalServer } from './servers';

/** The whole system in one process, on real MySQL and a real Temporal namespace of its own. */
export interface World {
  databases: TestDatabases;
  client: Client;
  connection: NativeConnection;
  namespace: string;
  /** Ends one worker in order, as SIGTERM does, and waits for it. */
  stopWorker(name: WorkerName): Promise<void>;
  startWorker(name: WorkerName): Promise<void>;
  /** What the running services' activities are; a test wraps one to put a fault in its window. */
  faults: Faults;
  clearFaults(): void;
  stop(): Promise<void>;
}

export type WorkerName = 'workflow' | Service;

/** Called around an activity of this name; `run` does the real thing. */
export type Fault = (run: () => Promise<unknown>, args: unknown[]) => Promise<unknown>;
type StepName = keyof (OrderActivities & ProductActivities & PointActivities);
export type Faults = Partial<Record<StepName, Fault>>;

export const hurriedTiming: StepTiming = {
  placement: 'separate',
  attemptMsMax: 3_000,
  actionMsMax: 6_000,
  firstRetryMs: 50,
  retryMsMax: 500,
  compensationAttemptsMax: 2,
};

/** The code that a world runs: ours, or a mutant of it. */
export interface Code {
  order: typeof OrderModule;
  product: typeof ProductModule;
  point: typeof PointModule;
  bundle: typeof BundleModule;
}

/** The code in this copy of the project; without a folder, the project itself. */
export function codeIn(folder = join(__dirname, '..', '..')): Code {
  return {
    order: jest.requireActual(join(folder, 'activities/order/activities')),
    product: jest.requireActual(join(folder, 'activities/product/activities')),
    point: jest.requireActual(join(folder, 'activities/point/activities')),
    bundle: jest.requireActual(join(folder, 'workers/bundle')),
  };
}

/** Starts everything; about a second. */
export async function createWorld(code = codeIn()): Promise<World> {
  quietRuntime();
  const [databases, { client, connection, namespace }, bundle] = await Promise.all([
    createTestDatabases(),
    connectToOwnNamespace(),
    code.bundle.workflowBundle(),
  ]);
  const faults: Faults = {};
  const pools = openPools(databases);
  const activities = activitiesOf(code, pools, client, faults);
  const running = new Map<WorkerName, { worker: Worker; run: Promise<void> }>();

  const startWorker = async (name: WorkerName) => {
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue: taskQueues[name],
      shutdownGraceTime: '5 seconds',
      ...(name === 'workflow'
        ? // With all steps, for workflows whose placement is `local`.
          {
            workflowBundle: bundle,
            activities: Object.values(activities).reduce((all, some) => ({ ...all, ...some })),
          }
        : { activities: activities[name] }),
    });
    running.set(name, { worker, run: worker.run() });
  };
  const stopWorker = async (name: WorkerName) => {
    const entry = running.get(name);
    running.delete(name);
    entry?.worker.shutdown();
    await entry?.run;
  };
  const names: WorkerName[] = ['workflow', 'order', 'product', 'point'];
  await Promise.all(names.map(startWorker));
  return {
    databases,
    client,
    connection,
    namespace,
    faults,
    clearFaults() {
      for (const name of Object.keys(faults)) Reflect.deleteProperty(faults, name);
    },
    startWorker,
    stopWorker,
    async stop() {
      await Promise.all(names.map(stopWorker));
      await Promise.all(Object.values(pools).map((pool) => pool.destroy()));
      await databases.drop();
      await connection.close();
    },
  };
}

async function connectToOwnNamespace() {
  const { address } = temporalServer();
  const control = await Connection.connect({ address });
  const namespace = await createNamespace(control);
  await ensureSearchAttributes(control, namespace);
  await control.close();
  const connection = await NativeConnection.connect({ address });
  return { namespace, connection, client: new Client({ connection, namespace }) };
}

/** A namespace of nobody else's, without our search attributes. */
export async function createNamespace(
  connection: Pick<Connection, 'workflowService'>,
): Promise<string> {
  const namespace = `test-${randomUUID()}`;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  return namespace;
}

function openPools(databases: TestDatabases): Record<Service, Knex> {
  const open = (service: Service) =>
    openDatabase({
      url: databases.url(`${service}_worker`, service),
      poolMax: 10,
      lockWaitSMax: 1,
    });
  return { order: open('order'), product: open('product'), point: open('point') };
}

function activitiesOf(code: Code, pools: Record<Service, Knex>, client: Client, faults: Faults) {
  const deps = { knex: pools.order, ownerState: (id: string) => ownerState(client.workflow, id) };
  return {
    order: withFaults(code.order.createOrderActivities(deps), faults),
    product: withFaults(code.product.createProductActivities(pools.product), faults),
    point: withFaults(code.point.createPointActivities(pools.point), faults),
  };
}

type Activities = Record<string, (...args: never[]) => Promise<unknown>>;

function withFaults(activities: object, faults: Faults): Activities {
  return Object.fromEntries(
    Object.entries(activities as Activities).map(([name, run]) => [
      name,
      (...args: never[]) => {
        const fault = faults[name as StepName];
        return fault ? fault(() => run(...args), args) : run(...args);
      },
    ]),
  );
}

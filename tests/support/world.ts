import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { type NativeConnection, Worker } from '@temporalio/worker';
import type { Knex } from 'knex';
import type * as LockModule from '../../activities/lock/activities';
import type * as OrderModule from '../../activities/order/activities';
import type * as ParticipantModule from '../../activities/participant/activities';
import { openXa, type XaConnections } from '../../activities/participant/branch-connection';
import { createOrderReactions } from '../../activities/order/reactions';
import { openDatabase } from '../../activities/database/connection';
import type { StepTiming } from '../../contracts/limits';
import { queuesOf } from '../../contracts/names';
import type * as BundleModule from '../../workers/wiring/bundle';
import type { RecoverySettings } from '../../contracts/recovery';
import { byService, participants, services, type Service } from '../../contracts/participants';
import type { ParticipantName } from '../../contracts/participants';
import { createAskOwners } from '../../workers/wiring/open-owners';
import { createWorkflowActivities } from '../../workers/wiring/recovery-schedule';
import { createTestDatabases, takeTestDatabases, type TestDatabases } from './databases';
import { withFaults, type Activities, type Faults } from './faults';
import { quietRuntime } from './runtime';
import { connectToOwnNamespace } from './namespace';

/** The whole system in one process, on a real MySQL and its own Temporal namespace. */
export interface World {
  databases: TestDatabases;
  client: Client;
  connection: NativeConnection;
  namespace: string;
  /** Ends one worker in order, as SIGTERM does, and waits for it. */
  stopWorker(name: WorkerName): Promise<void>;
  startWorker(name: WorkerName): Promise<void>;
  /** The running services' activities; a test wraps one to insert a fault. */
  faults: Faults;
  clearFaults(): void;
  /** Called when a service has emitted an event; without a relay nothing sends it. */
  onEmitted: Partial<Record<Service, () => void>>;
  /** The settings of recovery's next look. */
  recovery: RecoverySettings;
  stop(): Promise<void>;
}

export type WorkerName = 'workflow' | 'lock' | Service;

const workerNames: WorkerName[] = ['workflow', ...services, 'lock'];

export const hurriedTiming: StepTiming = {
  placement: 'separate',
  attemptMsMax: 3_000,
  actionMsMax: 6_000,
  heldMsMax: 6_000,
  firstRetryMs: 50,
  retryMsMax: 500,
  compensationAttemptsMax: 2,
  confirmAttemptsMax: 2,
};

const hourMs = 3_600_000;

/** With these ages recovery finds nothing old enough; a test changes them. */
export const nothingIsOld: RecoverySettings = {
  timing: hurriedTiming,
  ages: {
    adoptAfterMs: hourMs,
    forceAfterMs: hourMs,
    scanAfterMs: hourMs,
    sweepAfterMs: hourMs,
  },
  scanCancelAfterMs: hourMs,
};

/** The code that a world runs: the real one, or a mutant. */
export interface Code {
  order: typeof OrderModule;
  participant: typeof ParticipantModule;
  lock: typeof LockModule;
  bundle: typeof BundleModule;
}

/** The code in this copy of the project; without a folder, the project itself. */
export function codeIn(folder = join(__dirname, '..', '..')): Code {
  return {
    order: jest.requireActual(join(folder, 'activities/order/activities')),
    participant: jest.requireActual(join(folder, 'activities/participant/activities')),
    lock: jest.requireActual(join(folder, 'activities/lock/activities')),
    bundle: jest.requireActual(join(folder, 'workers/wiring/bundle')),
  };
}

/** Starts everything; about a second. */
export async function createWorld(
  code = codeIn(),
  servers?: Parameters<typeof createTestDatabases>[0],
): Promise<World> {
  quietRuntime();
  const [databases, { client, connection, namespace }, bundle] = await Promise.all([
    servers ? createTestDatabases(servers) : takeTestDatabases(),
    connectToOwnNamespace(),
    code.bundle.workflowBundle(),
  ]);
  const faults: Faults = {};
  const pools = openPools(databases);
  const xa = openXaOf(databases);
  const onEmitted: World['onEmitted'] = {};
  const recovery = { ...nothingIsOld };
  const activities = activitiesOf(code, { pools, xa }, databases.names, client, faults, onEmitted);
  const running = new Map<WorkerName, { worker: Worker; run: Promise<void> }[]>();

  const startWorker = async (name: WorkerName) => {
    const workers = await Promise.all(
      queuesOf(name).map((taskQueue) => createWorker(name, taskQueue)),
    );
    running.set(
      name,
      workers.map((worker) => ({ worker, run: worker.run() })),
    );
  };
  const createWorker = (name: WorkerName, taskQueue: string) =>
    Worker.create({
      connection,
      namespace,
      taskQueue,
      shutdownGraceTime: '5 seconds',
      ...(name === 'workflow'
        ? // With all steps, for workflows whose placement is `local`.
          {
            workflowBundle: bundle,
            activities: {
              ...createWorkflowActivities(recovery),
              ...Object.values(activities).reduce((all, some) => ({ ...all, ...some })),
            },
          }
        : { activities: activities[name] }),
    });
  const stopWorker = async (name: WorkerName) => {
    const entries = running.get(name) ?? [];
    running.delete(name);
    for (const { worker } of entries) worker.shutdown();
    await Promise.all(entries.map(({ run }) => run));
  };
  await Promise.all(workerNames.map(startWorker));
  return {
    databases,
    client,
    connection,
    namespace,
    faults,
    onEmitted,
    recovery,
    clearFaults() {
      for (const name of Object.keys(faults)) Reflect.deleteProperty(faults, name);
    },
    startWorker,
    stopWorker,
    async stop() {
      await Promise.all(workerNames.map(stopWorker));
      await Promise.all(Object.values(pools).map((pool) => pool.destroy()));
      await Promise.all(Object.values(xa).map((one) => one.close()));
      await databases.drop();
      await connection.close();
    },
  };
}

type Pools = Record<Service | 'lock', Knex>;

function openPools(databases: TestDatabases): Pools {
  const open = (service: Service, worker: string = service) =>
    openDatabase({
      url: databases.url(`${worker}_worker`, service),
      poolMax: 10,
      lockWaitSMax: 1,
    });
  return { ...byService((service) => open(service)), lock: open('order', 'lock') };
}

export type WorldXa = Record<ParticipantName, XaConnections>;

/** Each participant's XA connection to its server; each world is its own installation. */
export function openXaOf(
  databases: Pick<TestDatabases, 'url' | 'names'>,
  installation = databases.names.order,
): WorldXa {
  const open = (service: ParticipantName) =>
    openXa({
      worker: { url: databases.url(`${service}_worker`, service), poolMax: 1, lockWaitSMax: 1 },
      recovery: { url: databases.url(`${service}_recovery`, service), poolMax: 10 },
      secret: 'for tests only',
      installation,
    });
  return Object.fromEntries(participants.map(({ name }) => [name, open(name)])) as WorldXa;
}

interface Ways {
  pools: Pools;
  xa: WorldXa;
}

function activitiesOf(
  code: Code,
  { pools, xa }: Ways,
  databases: TestDatabases['names'],
  client: Client,
  faults: Faults,
  onEmitted: World['onEmitted'],
): Record<Service | 'lock', Activities> {
  const deps = { knex: pools.order, askOwners: createAskOwners(client.workflow) };
  const wake = (service: Service) => () => onEmitted[service]?.();
  const activitiesOfService = (service: Service): object => {
    const participant = participants.find(({ name }) => name === service);
    if (!participant) {
      return {
        ...code.order.createOrderActivities(deps),
        ...createOrderReactions(pools.order, wake('order')),
      };
    }
    const { createParticipantActivities, createParticipantReactions } = code.participant;
    const { name } = participant;
    return {
      ...createParticipantActivities(participant, pools[name], xa[name]),
      ...createParticipantReactions(participant, pools[name], wake(name)),
    };
  };
  return {
    ...byService((service) => withFaults(activitiesOfService(service), faults)),
    lock: withFaults(code.lock.createLockActivities({ knex: pools.lock, databases }), faults),
  };
}

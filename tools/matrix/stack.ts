import { byService, type Service, services } from '../../contracts/participants';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { openTemporal } from '../../api/placing/temporal-connection';
import { gtridOf } from '../../activities/participant/branch-connection';
import type { AuditDeps } from '../../audit/audit';
import { connectAudit } from '../../audit/connect';
import { closeAll, openAll, type AllDatabases } from '../stack/all-databases';
import { ownLimits, startOwnServers } from '../stack/own-servers';
import { appProcesses } from '../stack/processes';
import type { StackSettings } from '../stack/settings';
import { mysqlServers, type StackFile } from '../stack/stack-file';
import { describeStack, type RunningStack } from '../stack/state';
import type { ProcessSpec } from '../stack/supervised-process';
import type { Supervisor } from '../stack/supervisor';
import type { WorkerRole } from './transaction-matcher';
import { MysqlProxy } from './proxy';
import { tuning, workflowTaskMsMax } from './tuning';
import type { InjectionPoint } from './injection-point';

/** What makes steps runs twice, so that a step may be tried while another is frozen in it. */
const lanes = ['a', 'b'] as const;
type Replica = (typeof lanes)[number];
const doors: WorkerRole[] = [...services, 'lock'];
/** Where each of them leads; the one that reaches all databases needs them on one server. */
const serviceBehind = (door: WorkerRole): Service =>
  services.find((service) => service === door) ?? 'order';

/** The real processes on real servers, each service's way to its database watched by a proxy. */
export interface MatrixStack {
  running: RunningStack;
  temporal: Client;
  /** The administrator's way to the databases, past the proxies. */
  databases: AllDatabases;
  audit: AuditDeps;
  /** What an order's XA branches are called on the servers. */
  gtridOf(orderId: string): string;
  /** Watches the transactions that go through a door, in every process that may run them. */
  watch(door: WorkerRole, window: InjectionPoint): void;
  unwatch(door: WorkerRole, window: InjectionPoint): void;
  /** Whether new connections through a door are refused, and the old ones cut. */
  refuse(door: WorkerRole, refuses: boolean): void;
  /** How many connections through a door were refused so far. */
  refused(door: WorkerRole): number;
  /** The name of the process behind a door, in a lane. */
  processOf(door: WorkerRole, lane: string): string;
  /** The name of the server that holds a service's database. */
  serverOf(service: Service): string;
  signal(name: string, signal: NodeJS.Signals): void;
  /** Resolves once it is up; after a kill, once its successor is. */
  ready(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts a stack of its own, in a folder of its own, which `close` removes. About 10 s. */
export async function startStack(
  say: (what: string) => void,
  separateDatabases: boolean,
): Promise<MatrixStack> {
  say(`Starting ${separateDatabases ? services.length : 1} MySQL, Temporal and the processes …`);
  const own = await startOwnServers({
    name: 'matrix',
    say,
    separateDatabases,
    environment: tuning,
    temporal: { workflowTaskMsMax },
  });
  const { file, settings, stack, supervisor } = own;
  const parts: (() => Promise<unknown>)[] = [];
  const close = async () => {
    await Promise.allSettled(parts.map((end) => end()));
    await own.close();
  };
  try {
    await prepareWeights(stack);
    const proxies = await startProxies(file);
    parts.push(() => Promise.all(proxies.map((proxy) => proxy.close())));
    await supervisor.start(processes(file, settings, proxies), ownLimits);
    const connected = connectAll(stack);
    parts.push(() => connected.close());
    const serverOf = (service: Service) =>
      mysqlServers(separateDatabases).find((one) => one.services.includes(service))?.name ?? '';
    const named = { gtridOf: (orderId: string) => gtridOf(file.xa, orderId), serverOf, close };
    return { ...connected, ...controls(proxies, supervisor), ...named };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Rows that nobody reads, with which a transaction grows heavier than the one that it meets. */
async function prepareWeights(running: RunningStack): Promise<void> {
  const databases = openAll(running, 'adminUrl', 1);
  try {
    for (const knex of Object.values(databases)) {
      await knex.raw('CREATE DATABASE IF NOT EXISTS matrix_weight');
      await knex.raw('CREATE TABLE IF NOT EXISTS matrix_weight.heavy_rows (n INT NOT NULL)');
    }
  } finally {
    await closeAll(databases);
  }
}

interface DoorProxy extends MysqlProxy {
  door: WorkerRole;
}

async function startProxies(file: StackFile): Promise<DoorProxy[]> {
  const wanted = lanes.flatMap((lane) => doors.map((door) => ({ lane, door })));
  return Promise.all(
    wanted.map(async ({ lane, door }) => {
      const target = describeStack(file).databases[serviceBehind(door)];
      return Object.assign(await MysqlProxy.start(target, lane), { door });
    }),
  );
}

/** All processes in lane a; in lane b the workers behind the doors once more. */
function processes(file: StackFile, settings: StackSettings, proxies: DoorProxy[]): ProcessSpec[] {
  return lanes.flatMap((lane) => {
    const portOf = (door: WorkerRole) =>
      proxies.find((proxy) => proxy.lane === lane && proxy.door === door)?.port ?? 0;
    const through = (order: WorkerRole) => {
      const mysql = { ...byService(portOf), order: portOf(order) };
      return appProcesses({ ...file, ports: { ...file.ports, mysql } }, settings);
    };
    const isLock = ({ name }: ProcessSpec) => name === workerOf('lock');
    const specs = [
      ...through('order').filter((s) => !isLock(s)),
      ...through('lock').filter(isLock),
    ];
    if (lane === 'a') return specs;
    const twice = doors.map(workerOf);
    return specs
      .filter(({ name }) => twice.includes(name))
      .map((spec) => ({
        ...spec,
        name: `${spec.name}-${lane}`,
        logFile: join(settings.localFolder, 'logs', `${spec.name}-${lane}.log`),
      }));
  });
}

function workerOf(door: WorkerRole): string {
  return `${door}-worker`;
}

function connectAll(running: RunningStack) {
  const { address, namespace } = running.temporal;
  const connection = openTemporal(address);
  const databases = openAll(running, 'adminUrl', 8);
  const audit = connectAudit({
    databases: byService((service) => running.databases[service].auditorUrl),
    temporal: running.temporal,
  });
  return {
    running,
    temporal: new Client({ connection, namespace }),
    databases,
    audit,
    async close() {
      await audit.close();
      await closeAll(databases);
      await connection.close();
    },
  };
}

function controls(proxies: DoorProxy[], supervisor: Supervisor) {
  const of = (door: WorkerRole) => proxies.filter((proxy) => proxy.door === door);
  /** What was killed here last: its successor is another process. */
  const killed = new Map<string, number>();
  const record = (name: string) => {
    const found = supervisor.records.find((one) => one.name === name);
    if (!found) throw new Error(`There is no process named ${name}`);
    return found;
  };
  return {
    watch(door: WorkerRole, window: InjectionPoint) {
      for (const proxy of of(door)) proxy.windows.add(window);
    },
    unwatch(door: WorkerRole, window: InjectionPoint) {
      for (const proxy of of(door)) proxy.windows.delete(window);
    },
    refuse(door: WorkerRole, refuses: boolean) {
      for (const proxy of of(door)) proxy.refuse(refuses);
    },
    refused: (door: WorkerRole) => of(door).reduce((sum, proxy) => sum + proxy.refused, 0),
    processOf: (door: WorkerRole, lane: string) =>
      (lane as Replica) === 'a' ? workerOf(door) : `${workerOf(door)}-${lane}`,
    signal(name: string, signal: NodeJS.Signals) {
      const { pid } = record(name);
      if (pid === null) throw new Error(`${name} does not run, so that no ${signal} reaches it`);
      process.kill(pid, signal);
      if (signal === 'SIGKILL') killed.set(name, pid);
    },
    async ready(name: string) {
      const deadline = Date.now() + ownLimits.msMax;
      const isUp = () => record(name).state === 'ready' && record(name).pid !== killed.get(name);
      while (!isUp()) {
        if (Date.now() > deadline) throw new Error(`${name} does not come back`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

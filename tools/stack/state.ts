import { join } from 'node:path';
import { byService, type Service } from '../../contracts/participants';
import { lockHolder } from './lock';
import { mysqlAdmin, mysqlHost } from './mysql';
import { readSettings, type StackSettings } from './settings';
import { databaseNames, readJson, readStackFile, writeJson, type StackFile } from './stack-file';
import { temporalHost, temporalNamespace } from './temporal';

/** `starting` is up but not ready, `waiting` is between an end and the next try. */
export type ProcessState = 'starting' | 'ready' | 'waiting' | 'stopping' | 'stopped';

export interface ProcessStatus {
  name: string;
  /** Null while it does not run. */
  pid: number | null;
  state: ProcessState;
}

/** A process as it is noted for the supervisor that comes after this one. */
export interface ProcessRecord extends ProcessStatus {
  /** When it began, in the system's own unit; empty when it does not run, or is not told. */
  startedAt: string;
  /** A part of its command line which no process of anybody else has. */
  marker: string;
}

/** What a running stack says of itself, in `state.json`. */
export interface LiveState {
  phase: 'starting' | 'running' | 'resetting' | 'restarting' | 'stopping';
  /** Every process is ready, and an order has gone through since the start. */
  ready: boolean;
  processes: ProcessRecord[];
  /** How many restarts it has been through, resets included, and what the last one said if it failed. */
  restarts: { done: number; error: string | null };
}

/** What is said before anything runs. */
export function startingState(): LiveState {
  return {
    phase: 'starting',
    ready: false,
    processes: [],
    restarts: { done: 0, error: null },
  };
}

/** How to reach a running stack, for those who load it, look into it, or take it apart. */
export interface RunningStack {
  /** Without a slash at its end. */
  apiUrl: string;
  temporal: { address: string; namespace: string; uiUrl: string };
  databases: Record<Service, DatabaseAccess>;
  /** Whether all databases are on one server: only then can one transaction span them. */
  databaseServers: 'one' | 'separate';
  jwt: JwtIssuer;
}

export interface DatabaseAccess {
  host: string;
  port: number;
  database: string;
  adminUser: string;
  adminPassword: string;
  /** `mysql://user:password@host:port/database`, which may do everything. */
  adminUrl: string;
  /** The same for the user that may read every table and nothing else. */
  auditorUrl: string;
}

/** What signs and names the tokens that the API takes. */
export interface JwtIssuer {
  /** PKCS#8 PEM for ES256. */
  privateKey: string;
  issuer: string;
  audience: string;
}

export const jwtIssuer = 'order-system-local';
export const jwtAudience = 'order-system';

/** There is no stack to speak to: exit code 2. */
export class NoStackError extends Error {
  readonly exitCode = 2;
}

/**
 * The stack of this clone, when it runs and has been ready; its processes may have died since.
 *
 * @throws NoStackError when there is none, or when it is still starting, resetting or stopping.
 */
export function runningStack(settings: StackSettings = readSettings()): RunningStack {
  const stack = readStackFile(settings.localFolder);
  const state = readLiveState(settings.localFolder);
  if (!stack || !state || stackPid(settings.localFolder) === undefined) {
    throw new NoStackError('No stack of this clone is running: start it with `npm start`.');
  }
  if (state.phase !== 'running') {
    throw new NoStackError(`The stack of this clone is still ${state.phase}: try again soon.`);
  }
  return describeStack(stack);
}

/** How to reach a stack of these settings, whether it runs or not. */
export function describeStack(stack: StackFile): RunningStack {
  return {
    apiUrl: `http://127.0.0.1:${String(stack.ports.api)}`,
    temporal: {
      address: `${temporalHost}:${String(stack.ports.temporal)}`,
      namespace: temporalNamespace,
      uiUrl: `http://${temporalHost}:${String(stack.ports.temporalUi)}`,
    },
    databases: byService((service) => databaseAccess(stack, service)),
    databaseServers: stack.separateDatabases ? 'separate' : 'one',
    jwt: { privateKey: stack.jwt.privateKey, issuer: jwtIssuer, audience: jwtAudience },
  };
}

/** `mysql://user:password@host:port/database` of one of the service's database users. */
export function databaseUrl(stack: StackFile, service: Service, user: string): string {
  const password = user === mysqlAdmin ? stack.adminPassword : stack.userPasswords[user];
  if (!password) throw new Error(`The database user ${user} has no password in stack.json.`);
  const host = `${mysqlHost}:${String(stack.ports.mysql[service])}`;
  return `mysql://${user}:${encodeURIComponent(password)}@${host}/${databaseNames[service]}`;
}

/** The process id of the supervisor that runs the stack, or undefined. */
export function stackPid(localFolder: string): number | undefined {
  return lockHolder(stackLockPath(localFolder));
}

export function stackLockPath(localFolder: string): string {
  return join(localFolder, 'stack.lock');
}

export function readLiveState(localFolder: string): LiveState | undefined {
  return readJson(join(localFolder, 'state.json')) as LiveState | undefined;
}

export function writeLiveState(localFolder: string, state: LiveState): void {
  writeJson(join(localFolder, 'state.json'), state);
}

function databaseAccess(stack: StackFile, service: Service): DatabaseAccess {
  return {
    host: mysqlHost,
    port: stack.ports.mysql[service],
    database: databaseNames[service],
    adminUser: mysqlAdmin,
    adminPassword: stack.adminPassword,
    adminUrl: databaseUrl(stack, service, mysqlAdmin),
    auditorUrl: databaseUrl(stack, service, 'auditor'),
  };
}

import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { byService, type Service, services } from '../../contracts/participants';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { databaseUsers } from '../../migrations/grants';

/** What a clone's stack keeps from one start to the next, in `stack.json`, readable by its user. */
export interface StackFile {
  /** Whether each service's database is on a server of its own; fixed with the first data. */
  separateDatabases: boolean;
  ports: StackPorts;
  adminPassword: string;
  /** By database user. */
  userPasswords: Record<string, string>;
  /** PEM: PKCS#8 and SPKI, for ES256. For development only: the API trusts what it signs. */
  jwt: { privateKey: string; publicKey: string };
  /** What the ids of XA branches are made of. */
  xa: XaIdentity;
}

interface XaIdentity {
  secret: string;
  /** Tells this stack's branches from another's on the same server. */
  installation: string;
}

export interface StackPorts {
  api: number;
  temporal: number;
  temporalUi: number;
  temporalMetrics: number;
  /** The same for all when one server holds them. */
  mysql: Record<Service, number>;
}

/** Where the ports stand before any is chosen: the next start prefers these. */
export const preferredPorts: StackPorts = {
  api: 3000,
  temporal: 7233,
  temporalUi: 8233,
  temporalMetrics: 9233,
  mysql: byService((service) => 3307 + services.indexOf(service)),
};

export function stackFilePath(localFolder: string): string {
  return join(localFolder, 'stack.json');
}

/** What an earlier start kept, or undefined when there was none. */
export function readStackFile(localFolder: string): StackFile | undefined {
  const kept = readJson(stackFilePath(localFolder)) as StackFile | undefined;
  if (!kept) return undefined;
  // A service that was registered since has no port yet: the next start looks whether it is free.
  const { ports, separateDatabases } = kept;
  const { order } = ports.mysql;
  const chosen: Partial<StackPorts['mysql']> = ports.mysql;
  const portOf = (service: Service) => {
    if (!separateDatabases) return order;
    return chosen[service] ?? preferredPorts.mysql[service];
  };
  return { ...kept, ports: { ...ports, mysql: byService(portOf) } };
}

export function writeStackFile(localFolder: string, stack: StackFile): void {
  writeJson(stackFilePath(localFolder), stack);
}

/** A new stack's secrets, each one random. */
export function newStackFile(separateDatabases: boolean): StackFile {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return {
    separateDatabases,
    ports: preferredPorts,
    adminPassword: randomPassword(),
    userPasswords: completePasswords({}),
    jwt: { privateKey, publicKey },
    xa: completeXa(undefined),
  };
}

/** Gives each database user that has none a password: a later version may bring new users. */
export function completePasswords(passwords: Record<string, string>): Record<string, string> {
  const users = databaseUsers.map(({ user }) => user);
  return Object.fromEntries(users.map((user) => [user, passwords[user] ?? randomPassword()]));
}

/** Makes what a stack of an earlier version has not got; what there is stays as it is. */
export function completeXa(xa: XaIdentity | undefined): XaIdentity {
  return xa ?? { secret: randomPassword(), installation: randomUUID() };
}

/** Name of each service's database. */
export const databaseNames = byService((service) => `${service}_service`);

/** The services whose database is on a server of its own, with the server's name. */
export function mysqlServers(separate: boolean): { name: string; services: Service[] }[] {
  if (!separate) return [{ name: 'mysql', services: [...services] }];
  return services.map((service) => ({ name: `mysql-${service}`, services: [service] }));
}

/** Reads a JSON file; undefined when there is none. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`${path} cannot be read: ${String(error)}`, { cause: error });
  }
}

/** Writes a JSON file for this user only, so that a reader never sees half of it. */
export function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${String(process.pid)}.draft`;
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

function randomPassword(): string {
  return randomBytes(18).toString('base64url');
}

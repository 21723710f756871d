import type { Pattern } from '../../contracts/order';
import type { Service } from '../../contracts/participants';
import { databaseUsers } from '../../migrations/grants';
import { apiProcess } from '../stack/parts';
import { mysqlServers } from '../stack/stack-file';
import type { ChaosTarget, FaultKind } from './plan';

/** The load's own connections to the API: cut, they take their answers with them. */
export const callersTarget = 'callers';

/** Everything, by its supervisor. */
export const stackTarget = 'stack';

/** Serves only orders by `lock`: beside others it is idle, and without a session to be cut. */
const lockWorker = 'lock-worker';

const processKinds: readonly FaultKind[] = ['kill', 'freeze', 'restart'];

/** Sessions of one user on the server of one service's database. */
export interface Sessions {
  service: Service;
  user: string;
}

/**
 * Every process that orders of these patterns need, in the order of their names, and the callers.
 *
 * @param processes those of the stack
 */
export function targetsOf(
  processes: readonly string[],
  placedBy: readonly Pattern[],
): ChaosTarget[] {
  const needed = processes.filter((name) => name !== lockWorker || placedBy.includes('lock'));
  const targets = needed.sort().map((name): ChaosTarget => {
    const hasSessions = sessionsOf(name, processes).length > 0;
    const kinds: FaultKind[] = hasSessions ? [...processKinds, 'cut'] : [...processKinds];
    const served = serversOf().find((server) => server.name === name)?.services;
    if (served) kinds.push('lock', 'read-only');
    if (served?.includes('order')) kinds.push('hold');
    return { name, kinds };
  });
  return [
    ...targets,
    { name: callersTarget, kinds: ['cut'] },
    { name: stackTarget, kinds: ['stop', 'move'] },
  ];
}

/** The database sessions that a process holds; of a MySQL server, those that it serves. */
export function sessionsOf(target: string, processes: readonly string[]): Sessions[] {
  const served = serversOf().find(({ name }) => name === target);
  return databaseUsers
    .filter(({ user }) => user !== 'auditor')
    .filter(({ user, service }) =>
      served ? served.services.includes(service) : holderOf(user, processes) === target,
    )
    .map(({ user, service }) => ({ user, service }));
}

/** A service whose database this server holds: the order service, where it holds that. */
export function servedBy(target: string): Service | undefined {
  return serversOf().find(({ name }) => name === target)?.services[0];
}

function serversOf() {
  return [...mysqlServers(false), ...mysqlServers(true)];
}

/** Where one process does it all, that one holds all sessions. */
function holderOf(user: string, processes: readonly string[]): string {
  const worker = user.replace('_recovery', '_worker').replace('_', '-');
  return processes.includes(worker) ? worker : apiProcess;
}

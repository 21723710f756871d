import getPort from 'get-port';
import type { StackSettings } from './settings';
import { byService, type Service, services } from '../../contracts/participants';
import { preferredPorts, type StackPorts } from './stack-file';

/**
 * Chooses the stack's ports: those asked for by the environment, otherwise those of the last start
 * or the usual ones while they are free, otherwise free ones. Without a last start, as for a stack
 * that lives only for a while beside others, none is preferred: two that begin at once would both
 * find the usual ones free.
 *
 * @throws Error naming the variable when a port that was asked for is taken.
 */
export async function choosePorts(
  asked: StackSettings['ports'],
  last: StackPorts | undefined,
  separateDatabases: boolean,
): Promise<StackPorts> {
  const taken = new Set<number>();
  const choose = async (name: string, wanted: number | undefined, usual: number[]) => {
    const preferred = last ? usual : [];
    const port = await getPort({ port: wanted ? [wanted] : preferred, exclude: taken });
    if (wanted && port !== wanted) throw new Error(`${name} ${String(wanted)} is taken.`);
    taken.add(port);
    return port;
  };
  const before = last ?? preferredPorts;
  const { api, temporal, temporalUi, temporalMetrics } = preferredPorts;
  return {
    api: await choose('API_PORT', asked.api, [before.api, api]),
    temporal: await choose('TEMPORAL_PORT', asked.temporal, [before.temporal, temporal]),
    temporalUi: await choose('TEMPORAL_UI_PORT', asked.temporalUi, [before.temporalUi, temporalUi]),
    temporalMetrics: await choose('', undefined, [before.temporalMetrics, temporalMetrics]),
    mysql: await chooseMysqlPorts(choose, asked.mysql, before.mysql, separateDatabases),
  };
}

type Choose = (name: string, wanted: number | undefined, usual: number[]) => Promise<number>;

/** With a server for each service MYSQL_PORT is the first one's, and the others follow it. */
async function chooseMysqlPorts(
  choose: Choose,
  asked: number | undefined,
  last: Record<Service, number>,
  separate: boolean,
): Promise<Record<Service, number>> {
  const usual = preferredPorts.mysql;
  if (!separate) {
    const port = await choose('MYSQL_PORT', asked, [last.order, usual.order]);
    return byService(() => port);
  }
  const chosen = {} as Record<Service, number>;
  for (const [index, service] of services.entries()) {
    const wanted = asked === undefined ? undefined : asked + index;
    chosen[service] = await choose('MYSQL_PORT', wanted, [last[service], usual[service]]);
  }
  return chosen;
}

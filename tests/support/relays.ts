import type { Knex } from 'knex';
import { openDatabase } from '../../activities/database/connection';
import { events, type EventType } from '../../contracts/events';
import { type Service, services } from '../../contracts/participants';
import { Relay, type RelayOptions } from '../../workers/wiring/relay';
import { until } from './orders';
import { hurriedTiming, type World } from './world';

/** The relays of a world, which has none by default. */
export interface Relays {
  start(service: Service, more?: Partial<RelayOptions>): Relay;
  stop(service: Service): Promise<void>;
  end(): Promise<void>;
  /** The relays' log. */
  warnings: unknown[];
}

/** Relays of all services, as their processes run them, on their own users' connections. */
export function startRelays(
  world: World,
  timing = hurriedTiming,
  common: Partial<RelayOptions> = {},
): Relays {
  const pools = new Map<Service, Knex>();
  const running = new Map<Service, Relay[]>();
  const relays: Relays = {
    warnings: [],
    start(service, more = {}) {
      const knex =
        pools.get(service) ??
        openDatabase({ url: world.databases.url(`${service}_worker`, service), poolMax: 2 });
      pools.set(service, knex);
      const relay = new Relay({
        knex,
        client: world.client.workflow,
        logger: { warn: (what: unknown) => relays.warnings.push(what) },
        timing,
        searchable: true,
        pollMs: 100,
        eventsMax: 256,
        ...common,
        ...more,
      });
      running.set(service, [...(running.get(service) ?? []), relay]);
      world.onEmitted[service] = relay.wake;
      return relay;
    },
    async stop(service) {
      const stopping = running.get(service) ?? [];
      running.delete(service);
      Reflect.deleteProperty(world.onEmitted, service);
      await Promise.all(stopping.map((relay) => relay.close()));
    },
    async end() {
      await Promise.all(services.map((service) => relays.stop(service)));
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
  for (const service of services) relays.start(service);
  return relays;
}

/**
 * Waits until every event is delivered. An event that is delivered after the tables were emptied
 * for the next test would write rows of an order that does not exist.
 */
export async function quiet(world: World): Promise<void> {
  world.clearFaults();
  await until('everything that was said was heard', async () => (await unheard(world)) === 0);
  const query = 'ExecutionStatus = "Running"';
  await until('no workflow is open', async () => {
    return (await world.client.workflow.count(query)).count === 0;
  });
}

async function unheard({ databases }: World): Promise<number> {
  const said = await Promise.all(services.map((service) => saidBy(databases[service])));
  const heard = await Promise.all(
    services.map((service) =>
      databases[service]('inbox')
        .whereRaw('(emitted IS NOT NULL OR parked_at IS NOT NULL)')
        .pluck('event_id'),
    ),
  );
  const missing = said
    .flat()
    .flatMap(({ event_id: eventId, type }) =>
      events[type].subscriptions.filter(
        ({ subscriber }) => !heard[services.indexOf(subscriber)]?.includes(eventId),
      ),
    );
  return missing.length;
}

async function saidBy(knex: Knex): Promise<{ event_id: string; type: EventType }[]> {
  return knex('outbox').select('event_id', 'type');
}

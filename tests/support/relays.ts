import type { Knex } from 'knex';
import { openDatabase } from '../../activities/transaction/connection';
import { services, type Service } from '../../contracts/order';
import { Relay, type RelayOptions } from '../../workers/relay';
import { hurriedTiming, type World } from './world';

/** The relays of a world, which has none of its own: every other test does without. */
export interface Relays {
  start(service: Service, more?: Partial<RelayOptions>): Relay;
  stop(service: Service): Promise<void>;
  end(): Promise<void>;
  /** What the relays logged. */
  warnings: unknown[];
}

/** Relays of all three services, as their processes run them, on their own users' connections. */
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
        ...common,
        ...more,
      });
      running.set(service, [...(running.get(service) ?? []), relay]);
      world.onSaid[service] = relay.wake;
      return relay;
    },
    async stop(service) {
      const stopping = running.get(service) ?? [];
      running.delete(service);
      Reflect.deleteProperty(world.onSaid, service);
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

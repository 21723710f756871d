import type { TestDatabases } from './databases';
import { createWorld, type World } from './world';

/** The state with which each test of a file begins. */
interface Beginning {
  stock?: Parameters<TestDatabases['stock']>[0];
  points?: Parameters<TestDatabases['points']>[0];
}

/**
 * Declares the world of a test file. It starts before the tests and stops after them. Before each
 * test it has no faults, and only these stocks and points.
 *
 * @returns the world, which may not be read before the first hook
 */
export function useWorld({ stock, points }: Beginning = {}): World {
  let world: World | undefined;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world?.stop());
  beforeEach(async () => {
    if (!world) return;
    world.clearFaults();
    await world.databases.empty();
    if (stock) await world.databases.stock(stock);
    if (points) await world.databases.points(points);
  });
  return new Proxy({} as World, {
    get(_, property) {
      if (!world) throw new Error('The world is there once the tests have begun');
      return Reflect.get(world, property) as unknown;
    },
  });
}

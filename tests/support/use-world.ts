import type { TestDatabases } from './databases';
import { createWorld, type World } from './world';

/** What each test of a file begins with. */
interface Beginning {
  stock?: Parameters<TestDatabases['stock']>[0];
  points?: Parameters<TestDatabases['points']>[0];
}

/**
 * Declares the world of a test file: started before its tests and stopped after them, and before
 * each of them without faults, and empty but for this.
 *
 * @returns the world, of which nothing may be read before the first hook
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

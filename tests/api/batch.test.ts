import { setTimeout as pause } from 'node:timers/promises';
import { TemporalUnanswered } from '../../api/placing/temporal-presence';
import { codeThrownBy, DispatcherWorld, placeMany, turn } from './dispatcher-world';

let world: DispatcherWorld;

beforeEach(() => {
  world = new DispatcherWorld();
});

describe('the claim', () => {
  test('that fails before its commit does nothing and starts nothing', async () => {
    world.claimError = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const { admitted } = world.dispatcher().place({ orderId: 'o-1', lineCount: 1 });
    await expect(admitted).rejects.toMatchObject({ code: 'unavailable' });
    expect(world.starts).toEqual([]);
  });

  test('that fails by a bug is reported to its caller as a bug', async () => {
    world.claimError = new TypeError('a bug');
    const { admitted } = world.dispatcher().place({ orderId: 'o-1', lineCount: 1 });
    await expect(admitted).rejects.toThrow(TypeError);
  });

  test('leaves out orders that are claimed or locked, and admits or refuses their callers', async () => {
    world.others.add('o-1');
    world.locked.add('o-2');
    const placements = placeMany(world.dispatcher(), 3);
    const [other, locked, mine] = placements.map(({ admitted }) => admitted);
    await expect(other).resolves.toBeUndefined();
    await expect(locked).rejects.toMatchObject({ code: 'unavailable' });
    await expect(mine).resolves.toBeUndefined();
    await turn();
    expect(world.starts.map(({ ids }) => ids)).toEqual([['o-3']]);
  });

  test('starts nothing for orders that other workflows own, and wakes their waiting callers', async () => {
    world.others.add('o-1');
    await world.dispatcher().place({ orderId: 'o-1', lineCount: 1 }).admitted;
    await turn();
    expect(world.starts).toEqual([]);
    expect(world.progress).toBe(1);
  });
});

describe('the start', () => {
  test('is tried again with the same id and the claimed orders', async () => {
    world.startFailures = 2;
    await world.dispatcher().place({ orderId: 'o-1', lineCount: 1 }).admitted;
    while (world.starts.length < 3) await turn();
    expect(new Set(world.starts.map(({ workflowId }) => workflowId)).size).toBe(1);
    expect(world.starts.map(({ ids }) => ids)).toEqual([['o-1'], ['o-1'], ['o-1']]);
    expect(world.claims).toHaveLength(1);
  });

  test('that is never acknowledged leaves the orders to adoption, and no caller is refused', async () => {
    world.startFailures = 100;
    const dispatcher = world.dispatcher({ startAttemptsMax: 3, inFlightMax: 1 });
    await expect(
      dispatcher.place({ orderId: 'o-1', lineCount: 1 }).admitted,
    ).resolves.toBeUndefined();
    while (world.progress === 0) await turn();
    expect(world.starts).toHaveLength(3);
    expect(world.log.join()).toContain('adoption will drive');
    world.startFailures = 0;
    await dispatcher.place({ orderId: 'o-2', lineCount: 1 }).admitted;
  });
});

describe('closing', () => {
  const stop = { withdrawMs: 50, startMsMax: 300 };

  test('claims and starts all waiting orders at once, and accepts no more', async () => {
    const dispatcher = world.dispatcher({ inFlightMax: 1 });
    await dispatcher.place({ orderId: 'running', lineCount: 1 }).admitted;
    await turn();
    const waiting = dispatcher.place({ orderId: 'waiting', lineCount: 1 });
    await turn();
    expect(world.claims).toHaveLength(1);
    const closing = dispatcher.close();
    expect(codeThrownBy(() => dispatcher.place({ orderId: 'late', lineCount: 1 }))).toBe(
      'unavailable',
    );
    await waiting.admitted;
    await closing;
    expect(world.starts.map(({ ids }) => ids)).toEqual([['running'], ['waiting']]);
  });

  test('withdraws orders whose claim was not sent, and answers "unknown" for the others', async () => {
    const dispatcher = world.dispatcher({ ordersMax: 1, inFlightMax: 1, lastClaimsMax: 2, stop });
    world.holdClaims = new Promise(() => undefined);
    const placements = placeMany(dispatcher, 4);
    const codes = Promise.all(
      placements.map(({ admitted }) =>
        admitted.then(
          () => 'admitted',
          (error: unknown) => (error as { code: string }).code,
        ),
      ),
    );
    await dispatcher.close();
    expect(world.claims.map(({ ids }) => ids)).toEqual([['o-1'], ['o-2']]);
    expect(await codes).toEqual([
      ...['outcome-unknown', 'outcome-unknown'],
      ...['unavailable', 'unavailable'],
    ]);
  });

  test('leaves orders to adoption if Temporal does not confirm their start', async () => {
    const dispatcher = world.dispatcher({ stop });
    world.startError = new TemporalUnanswered('frozen');
    await dispatcher.place({ orderId: 'o-1', lineCount: 1 }).admitted;
    await dispatcher.close();
    while (!world.log.join().includes('adoption will drive')) await turn();
    const { length } = world.starts;
    expect(length).toBeGreaterThan(1);
    expect(new Set(world.starts.map(({ workflowId }) => workflowId)).size).toBe(1);
  });

  test('ends at once if no order waits', async () => {
    await expect(world.dispatcher().close()).resolves.toBeUndefined();
  });
});

describe('a Temporal that is down', () => {
  test('empties the queue, and nothing is claimed until it is back', async () => {
    const dispatcher = world.dispatcher({ inFlightMax: 1 });
    await dispatcher.place({ orderId: 'running', lineCount: 1 }).admitted;
    const waiting = dispatcher.place({ orderId: 'waiting', lineCount: 1 });
    await turn();
    const start = world.temporal.expect();
    await expect(waiting.admitted).rejects.toMatchObject({ code: 'unavailable' });
    expect(world.temporal.away).toBe(true);
    expect(codeThrownBy(() => dispatcher.place({ orderId: 'late', lineCount: 1 }))).toBe(
      'unavailable',
    );
    start.end(true);
    world.close(0);
    await turn();
    expect(world.claims).toHaveLength(1);
    await dispatcher.place({ orderId: 'waiting', lineCount: 1 }).admitted;
  });

  test('is detected before the claim', async () => {
    world.probe = () => Promise.reject(new Error('away'));
    const { admitted } = world.dispatcher().place({ orderId: 'o-1', lineCount: 1 });
    await expect(admitted).rejects.toMatchObject({ code: 'unavailable' });
    expect(world.claims).toEqual([]);
    world.probe = () => Promise.resolve();
    while (world.temporal.away) await pause(10);
    await world.dispatcher().place({ orderId: 'o-1', lineCount: 1 }).admitted;
  });
});

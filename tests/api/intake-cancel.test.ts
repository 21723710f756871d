import { createIntakeWorld, draft, type IntakeWorld } from './intake-world';

let world: IntakeWorld;

beforeAll(async () => {
  world = await createIntakeWorld();
});

beforeEach(() => world.databases.empty());

afterAll(() => world.close());

describe('cancelOrder', () => {
  test('ends an unclaimed order, and answers a repeat the same', async () => {
    const [id = ''] = await world.create(draft());
    await expect(world.intake.cancelOrder(id)).resolves.toBe('cancelled');
    const ended = await world.row(id);
    expect(ended).toMatchObject({
      status: 'CANCELLED',
      decision: 'CANCEL',
      reason: 'cancelled-by-customer',
      ended_at: expect.any(Date) as Date,
    });
    await expect(world.intake.cancelOrder(id)).resolves.toBe('cancelled');
    expect(await world.row(id)).toEqual(ended);
    await expect(world.intake.cancelOrder('o-unknown')).resolves.toBeUndefined();
  });

  test.each(['PLACING', 'PENDING'] as const)(
    'decides an undecided order that is %s',
    async (status) => {
      const [id = ''] = await world.create(draft());
      await world.intake.claimOrders([id], 'place-1', 'saga');
      await world.databases.order('orders').update({ status });
      await expect(world.intake.cancelOrder(id)).resolves.toBe('cancelling');
      expect(await world.row(id)).toMatchObject({
        status,
        decision: 'CANCEL',
        reason: 'cancelled-by-customer',
        ended_at: null,
      });
    },
  );

  test('changes neither an earlier decision nor its reason', async () => {
    const [completed = '', failing = ''] = await world.create(draft(), draft());
    await world.databases
      .order('orders')
      .where('order_id', completed)
      .update({ status: 'COMPLETED', decision: 'COMPLETE' });
    await world.databases
      .order('orders')
      .where('order_id', failing)
      .update({ status: 'PENDING', decision: 'CANCEL', reason: 'insufficient-stock' });
    const before = [await world.row(completed), await world.row(failing)];
    await expect(world.intake.cancelOrder(completed)).resolves.toBe('completed');
    await expect(world.intake.cancelOrder(failing)).resolves.toBe('cancelling');
    expect([await world.row(completed), await world.row(failing)]).toEqual(before);
  });

  test('does not change COMPLETE while the order is still being confirmed', async () => {
    const [id = ''] = await world.create(draft());
    await world.intake.claimOrders([id], 'place-1', 'saga');
    await world.databases.order('orders').update({ decision: 'COMPLETE', status: 'PENDING' });
    await expect(world.intake.cancelOrder(id)).resolves.toBe('completed');
    expect(await world.row(id)).toMatchObject({
      status: 'PENDING',
      decision: 'COMPLETE',
      reason: null,
    });
  });

  test('races a completion: one of the two wins, and both callers learn which', async () => {
    const ids = await world.create(...Array.from({ length: 60 }, () => draft()));
    await world.intake.claimOrders(ids, 'place-1', 'saga');
    const outcomes = await Promise.all(
      ids.map(async (id) => {
        const [completed, cancelled] = await Promise.all([
          world.databases
            .order('orders')
            .where('order_id', id)
            .whereNull('decision')
            .update({ decision: 'COMPLETE', status: 'COMPLETED' }),
          world.intake.cancelOrder(id),
        ]);
        return { id, completed, cancelled };
      }),
    );
    for (const { id, completed, cancelled } of outcomes) {
      const { status, decision } = await world.row(id);
      expect([completed, cancelled, status, decision]).toEqual(
        completed === 1
          ? [1, 'completed', 'COMPLETED', 'COMPLETE']
          : [0, 'cancelling', 'PLACING', 'CANCEL'],
      );
    }
  });

  test('races a claim: the order ends, or its workflow learns of the cancel', async () => {
    const ids = await world.create(...Array.from({ length: 60 }, () => draft()));
    await Promise.all(
      ids.map(async (id) => {
        const [{ claimed }, cancelled] = await Promise.all([
          world.intake.claimOrders([id], 'place-1', 'saga'),
          world.intake.cancelOrder(id),
        ]);
        const { status, owner, decision } = await world.row(id);
        expect(decision).toBe('CANCEL');
        expect([claimed.length, cancelled, status, owner]).toEqual(
          owner === null
            ? [0, 'cancelled', 'CANCELLED', null]
            : [1, 'cancelling', 'PLACING', 'place-1'],
        );
      }),
    );
  });
});

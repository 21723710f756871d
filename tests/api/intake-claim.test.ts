import { createIntakeWorld, draft, type IntakeWorld } from './intake-world';

let world: IntakeWorld;

beforeAll(async () => {
  world = await createIntakeWorld();
});

beforeEach(() => world.databases.empty());

afterAll(() => world.close());

describe('claimOrders', () => {
  const claim = (ids: string[], owner = 'place-1') => world.intake.claimOrders(ids, owner, 'saga');
  const idsOf = (claimed: { orderId: string }[]) => claimed.map(({ orderId }) => orderId);

  test('claims CREATED orders with all data for their workflow, and leaves out the others', async () => {
    const [mine = '', others = '', cancelled = ''] = await world.create(draft(), draft(), draft());
    await claim([others], 'place-0');
    await world.intake.cancelOrder(cancelled);
    const { claimed, locked } = await claim([cancelled, mine, others, 'o-unknown', mine]);
    expect(locked).toEqual([]);
    expect(claimed).toEqual([
      {
        orderId: mine,
        customerId: 'c-1',
        total: 25,
        lines: [
          { productId: 'p-2', quantity: 2, unitPrice: 10 },
          { productId: 'p-1', quantity: 1, unitPrice: 5 },
        ],
      },
    ]);
    expect(await world.row(mine)).toMatchObject({
      status: 'PLACING',
      owner: 'place-1',
      pattern: 'saga',
      decision: null,
      owned_at: expect.any(Date) as Date,
    });
    expect(await world.row(others)).toMatchObject({ owner: 'place-0' });
    expect(await world.row(cancelled)).toMatchObject({ status: 'CANCELLED', owner: null });
  });

  test('answers the same owner’s repeat the same, and keeps the recorded pattern', async () => {
    const ids = await world.create(draft(), draft());
    const first = await claim(ids);
    const second = await world.intake.claimOrders(ids, 'place-1', 'xa');
    expect(second).toEqual(first);
    expect(await world.row(ids[0] ?? '')).toMatchObject({ pattern: 'saga' });
    expect((await claim(ids, 'place-2')).claimed).toEqual([]);
    await expect(claim([])).resolves.toEqual({ claimed: [], locked: [] });
  });

  test('tells the workflow a decision that was made before its claim', async () => {
    const ids = await world.create(draft());
    await claim(ids);
    await world.intake.cancelOrder(ids[0] ?? '');
    expect((await claim(ids)).claimed).toMatchObject([{ decision: 'CANCEL' }]);
  });

  test('gives each order one of a hundred concurrent owners', async () => {
    const ids = await world.create(...Array.from({ length: 30 }, () => draft()));
    const claims = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        claim([...ids.slice(i % 30), ...ids.slice(0, i % 30)], `place-${String(i)}`),
      ),
    );
    expect(claims.flatMap(({ claimed }) => idsOf(claimed)).sort()).toEqual([...ids].sort());
  });

  test('leaves out an order whose row is locked, and claims its neighbours', async () => {
    const [held = '', ...free] = await world.create(draft(), draft(), draft());
    const holder = await world.databases.order.transaction();
    await holder('orders').where('order_id', held).forUpdate().first();
    const { claimed, locked } = await claim([held, ...free]);
    await holder.rollback();
    expect(locked).toEqual([held]);
    expect(idsOf(claimed)).toEqual(free);
    expect(await world.row(held)).toMatchObject({ status: 'CREATED', owner: null });
  });
});

import type { TestDatabases } from '../support/databases';
import { alarm, createParticipants, done, of, type Participants } from './participant-world';

/** How an operator’s resolution prevents confirms, and what a sweep finds. */

let databases: TestDatabases;
let stock: Participants['stock'];
let points: Participants['points'];
let participants: Participants;

beforeAll(async () => {
  participants = await createParticipants();
  ({ databases, stock, points } = participants);
});

afterAll(() => participants.end());

beforeEach(() => participants.begin());

describe('an operator’s freeze', () => {
  const frozen = { kind: 'frozen' };
  const refused = { kind: 'refused' };
  const freeze = (resolution: number) => stock.freezeStock([{ orderId: 'o-1', resolution }]);
  const thaw = (resolution: number) => stock.thawStock([{ orderId: 'o-1', resolution }]);
  const confirm = () => stock.confirmStock([of('o-1')]);

  beforeEach(async () => {
    await stock.tryStock([of('o-1')]);
  });

  it('prevents the confirm of a reservation until it is thawed', async () => {
    expect(await freeze(1)).toEqual([done]);
    expect(await freeze(1)).toEqual([done]);
    expect(await confirm()).toEqual([frozen]);
    expect(await confirm()).toEqual([frozen]);
    expect(await thaw(1)).toEqual([done]);
    expect(await confirm()).toEqual([done]);
    expect(await participants.shelf()).toEqual(['8+0', '4+0']);
  });

  it('does not prevent the confirm of its neighbours', async () => {
    await stock.tryStock([of('o-2')]);
    await freeze(1);
    expect(await stock.confirmStock([of('o-1'), of('o-2')])).toEqual([frozen, done]);
  });

  it('allows the cancel of a frozen reservation', async () => {
    await freeze(1);
    expect(await stock.cancelStock([of('o-1')])).toEqual([done]);
    expect(await participants.shelf()).toEqual(['10+0', '5+0']);
  });

  it('is refused after the confirm, and a thaw then does nothing', async () => {
    await confirm();
    expect(await freeze(1)).toEqual([refused]);
    expect(await thaw(1)).toEqual([done]);
    expect(await stock.cancelStock([of('o-1')])).toEqual([refused]);
  });

  it('is refused after its thaw, or after a newer resolution', async () => {
    await thaw(2);
    expect(await freeze(2)).toEqual([refused]);
    expect(await freeze(1)).toEqual([refused]);
    expect(await freeze(3)).toEqual([done]);
    expect(await freeze(2)).toEqual([refused]);
    // An older resolution cannot thaw what a newer one has frozen.
    await thaw(2);
    expect(await confirm()).toEqual([frozen]);
    expect(await freeze(4)).toEqual([done]);
  });

  it('without a reservation raises an alarm', async () => {
    const outcomes = await stock.freezeStock([{ orderId: 'o-9', resolution: 1 }]);
    expect(outcomes).toEqual([alarm('confirm-without-reservation')]);
  });

  it('that races a confirm: the reservation is either confirmed or frozen', async () => {
    for (let i = 0; i < 20; i += 1) {
      const orderId = `race-${String(i)}`;
      const order = of(orderId, { a: 1 });
      await databases.stock({ a: { available: 10 } });
      await stock.tryStock([order]);
      const [[confirmed], [froze]] = await Promise.all([
        stock.confirmStock([order]),
        stock.freezeStock([{ orderId, resolution: 1 }]),
      ]);
      expect([
        [done, refused],
        [frozen, done],
      ]).toContainEqual([confirmed, froze]);
    }
  });
});

describe('a sweep', () => {
  const all = { olderThanMs: 0, afterOrder: '', limit: 10 };

  it('finds old open reservations with their commands, page by page', async () => {
    const orders = ['o-1', 'o-2', 'o-3', 'o-4'].map((id) => of(id, { a: 1, b: 1 }));
    await stock.tryStock(orders);
    await stock.confirmStock(orders.slice(1, 2));
    await stock.freezeStock([{ orderId: 'o-3', resolution: 1 }]);
    const [first, , third, fourth] = orders;
    expect(await stock.agedStock({ ...all, olderThanMs: 60_000 })).toEqual([]);
    expect(await stock.agedStock(all)).toEqual([first, third, fourth]);
    expect(await stock.agedStock({ ...all, limit: 1, afterOrder: 'o-1' })).toEqual([third]);
    expect(await stock.confirmStock(await stock.agedStock({ ...all, limit: 1 }))).toEqual([done]);
  });

  it('finds points likewise', async () => {
    const order = { orderId: 'o-1', customerId: 'anna', points: 60 };
    await points.tryPoints([order]);
    expect(await points.agedPoints(all)).toEqual([order]);
  });
});

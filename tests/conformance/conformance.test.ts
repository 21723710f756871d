import { patterns, type Pattern } from '../../contracts/order';
import { participants } from '../../contracts/participants';
import { reactsName } from '../../contracts/participants/activities';
import { outcomes, type Conforming } from './outcomes';
import { offered, openShop, type Shop } from './shop';

/**
 * One list of outcomes for every pattern, through the real API. A pattern joins by its row; an
 * offered pattern without a row fails.
 */

const rows: Partial<Record<Pattern, Conforming['steps']>> = {
  lock: ['placeInOneTransaction'],
  xa: participants.map(({ steps }) => steps.xa.prepare),
  tcc: participants.map(({ steps }) => steps.tcc.try),
  saga: participants.map(({ steps }) => steps.saga.action),
  choreography: participants.map(({ name }) => reactsName(name)),
};

const conforming = patterns.flatMap((pattern): Conforming[] => {
  const steps = rows[pattern];
  return steps ? [{ pattern, steps }] : [];
});

it('every offered pattern has a row, and no other', () => {
  expect(Object.keys(rows).sort()).toEqual([...offered].sort());
});

describe.each(['separate', 'local'] as const)('placement %s', (placement) => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await openShop(placement);
  });

  afterAll(() => shop.close());

  beforeEach(() => shop.begin());

  describe.each(conforming)('$pattern', (one) => {
    it.each(outcomes)('$what', async ({ happens }) => {
      await happens(shop, one);
      const { violations, atRest } = await shop.audit();
      expect({ violations, atRest }).toEqual({ violations: [], atRest: true });
    });
  });
});

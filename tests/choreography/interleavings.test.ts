import { crashable, type CrashSwitch } from '../participants/property';
import { createHandDelivered, type HandDelivered } from './hand-delivery';
import { checkInterleavings } from './property';

const crash: CrashSwitch = { armed: false, fired: 0 };
let shop: HandDelivered;

beforeAll(async () => {
  shop = await createHandDelivered((knex) => crashable(knex, crash));
});

afterAll(() => shop.end());

it('every order ends with all or nothing, in whatever order its events come', async () => {
  const { moves, endings } = await checkInterleavings(shop, crash);
  // The test tries every fault and sees every ending.
  for (const times of Object.values(moves)) expect(times).toBeGreaterThan(5);
  expect([...endings].sort()).toEqual([
    'CANCELLED cancelled-by-customer',
    'CANCELLED insufficient-points',
    'CANCELLED insufficient-stock',
    'COMPLETED',
  ]);
}, 120_000);

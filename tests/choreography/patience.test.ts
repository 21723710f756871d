import { defaultTiming } from '../../contracts/limits';
import { workflowTypes } from '../../contracts/names';
import type { Delivery } from '../../contracts/deliveries';
import type { OrderEvent } from '../../contracts/events';
import type { DeliverEventsInput, DeliverEventsResult } from '../../contracts/workflows';
import { skipTime, type SkippedTime } from '../support/skipped-time';

/** How long a delivery retries a service that is down, with skipped time. */

let time: SkippedTime;

beforeAll(async () => {
  time = await skipTime();
});

afterAll(() => time.end());

const event: OrderEvent = { eventId: 'o-1:StockDeducted', type: 'StockDeducted', orderId: 'o-1' };
const minuteMs = 60_000;

it.each([
  [10, 120],
  [60, 720],
])(
  'a service that is down for %d minutes catches up, and nothing is parked',
  async (minutes, most) => {
    const tries: OrderEvent[] = [];
    let alerts = 0;
    const down = time.awayFor(minutes * minuteMs);
    const input: DeliverEventsInput = {
      events: [event],
      subscriber: 'order',
      timing: defaultTiming,
    };
    const { result, tookMs } = await time.run<DeliverEventsResult>(
      workflowTypes.deliverEvents,
      input,
      {
        orderReacts: async (heard: OrderEvent[]): Promise<Delivery[]> => {
          tries.push(...heard);
          await down();
          return [{ kind: 'reacted', emitted: 'o-1:ReplyNoted' }];
        },
        alertOrders: () => Promise.resolve((alerts += 1)),
      },
    );
    expect(result).toEqual({ reacted: 1, parked: 0 });
    expect(alerts).toBe(0);
    expect(tries).toEqual(tries.map(() => event));
    // Quick at first, then every 5 s, and at most one pause too late.
    expect(tries.length).toBeGreaterThan(most * 0.9);
    expect(tries.length).toBeLessThan(most * 1.1);
    expect(tookMs).toBeGreaterThanOrEqual(minutes * minuteMs);
    expect(tookMs).toBeLessThan(minutes * minuteMs + 2 * defaultTiming.retryMsMax);
  },
);

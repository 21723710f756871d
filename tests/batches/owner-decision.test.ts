import { checkOrders } from './property';
import { createOrderService, type OrderService } from './service';

let service: OrderService;

beforeAll(async () => {
  service = await createOrderService();
});

afterAll(() => service.end());

it('overlapping batches leave one owner and one decision per order', async () => {
  await checkOrders(service, 150);
}, 120_000);

import type { PlacedOrder } from '../contracts/order';
import { participants } from '../contracts/participants';
import { point } from '../contracts/participants/point';
import { product } from '../contracts/participants/product';
import type { LockCommand } from '../contracts/steps';

export const stockCommand = product.command;
export const pointCommand = point.command;

/** Without services one transaction is told both parts. */
export function lockCommand(order: PlacedOrder): LockCommand {
  const parts = participants.map((participant) => participant.command(order));
  return Object.assign({ orderId: order.orderId }, ...parts) as LockCommand;
}

import type { PlacedOrder } from '../contracts/order';
import { pointCommand, stockCommand, type LockCommand } from '../contracts/steps';

export { pointCommand, stockCommand };

/** Without services one transaction is told both parts. */
export function lockCommand(order: PlacedOrder): LockCommand {
  return { ...stockCommand(order), ...pointCommand(order) };
}

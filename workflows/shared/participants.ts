import { patched } from '@temporalio/workflow';
import type { PlacedOrder } from '../../contracts/order';
import {
  participants,
  type RegisteredParticipant,
  type Service,
} from '../../contracts/participants';
import type { Keyed } from '../../contracts/participants/definition';

/**
 * The participants that this workflow asks. One that was added after the workflow began takes no
 * part in it.
 */
export function participantsHere(): RegisteredParticipant[] {
  return participants.filter(({ since }) => since === undefined || patched(since));
}

/** The services that this workflow knows of. */
export function servicesHere(): Service[] {
  return ['order', ...participantsHere().map(({ name }) => name)];
}

/** The participants from which an order takes something. */
export function participantsIn(order: PlacedOrder): RegisteredParticipant[] {
  return participantsHere().filter((one) => one.owes(one.command(order)).length > 0);
}

/** The orders that take something from a participant, with its command for each. */
export function partOf(
  participant: RegisteredParticipant,
  orders: readonly PlacedOrder[],
): { orders: PlacedOrder[]; commands: Keyed[] } {
  const told = orders
    .map((order) => ({ order, command: participant.command(order) }))
    .filter(({ command }) => participant.owes(command).length > 0);
  return {
    orders: told.map(({ order }) => order),
    commands: told.map(({ command }) => command),
  };
}

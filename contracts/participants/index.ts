/** The registration of the participants, and the words that follow from it. */
import type { Keyed, Participant } from './definition';
import { point } from './point';
import { product } from './product';

/**
 * The order counts: rows are locked, and branches prepared, in it, since no server sees a deadlock
 * across two; and the first one's refusal is named before the others'.
 */
const registered = [product, point] as const;

type Words = (typeof registered)[number];

export type ParticipantName = Words['name'];

/** One of the registered participants, where it does not matter which. */
export type RegisteredParticipant<C extends Keyed = Keyed> = Participant<C> &
  Pick<Words, 'name' | 'label' | 'unknown' | 'rejection' | 'steps' | 'events'>;

export const participants: readonly RegisteredParticipant[] = registered;

export type Service = 'order' | ParticipantName;

/** Every service has a database, users and a worker of its own. */
export const services: readonly Service[] = ['order', ...registered.map(({ name }) => name)];

/** What `of` makes of each participant, by its name. */
export function byParticipant<T>(
  of: (participant: RegisteredParticipant) => T,
): Record<ParticipantName, T> {
  const entries = participants.map((one) => [one.name, of(one)] as const);
  return Object.fromEntries(entries) as Record<ParticipantName, T>;
}

/** What `of` makes of each service, by its name. */
export function byService<T>(of: (service: Service) => T): Record<Service, T> {
  const entries = services.map((service) => [service, of(service)] as const);
  return Object.fromEntries(entries) as Record<Service, T>;
}

/** What `of` makes of each participant, by what it takes. */
export function byLabel<T>(of: (label: Label) => T): Record<Label, T> {
  const entries = participants.map(({ label }) => [label, of(label)] as const);
  return Object.fromEntries(entries) as Record<Label, T>;
}

/** @throws Error for the order service, which is no participant */
export function participantOf(service: Service): RegisteredParticipant {
  const found = participants.find(({ name }) => name === service);
  if (!found) throw new Error(`The service ${service} takes nothing for an order`);
  return found;
}

/** The steps that the compensation registry may hold. */
export type CompensationStep = Words['steps']['saga']['compensation'];
export const compensationSteps: readonly CompensationStep[] = registered.map(
  ({ steps }) => steps.saga.compensation,
);

/** What the participants take, as rules and reports call it. */
export type Label = Words['label'];

export type RejectionCode = Words['rejection']['code'];

/** The codes for a balance that does not exist, where that is a fault of ours. */
export type UnknownBalanceCode = NonNullable<Words['unknown']>;

export type { Words as ParticipantWords };

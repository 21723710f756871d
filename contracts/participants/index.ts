/** The registration of the participants, and the names derived from it. */
import type { Keyed, Participant } from './definition';
import { point } from './point';
import { product } from './product';

/**
 * The order matters. Rows are locked and branches prepared in it, because no server detects a
 * deadlock across two servers. The first participant's refusal takes precedence.
 */
const registered = [product, point] as const;

type Words = (typeof registered)[number];

export type ParticipantName = Words['name'];

/** Any registered participant. */
export type RegisteredParticipant<C extends Keyed = Keyed> = Participant<C> &
  Pick<Words, 'name' | 'label' | 'unknown' | 'rejection' | 'steps' | 'events'>;

export const participants: readonly RegisteredParticipant[] = registered;

export type Service = 'order' | ParticipantName;

/** The services. Each has a database, users and a worker of its own. */
export const services: readonly Service[] = ['order', ...registered.map(({ name }) => name)];

/** Maps each participant's name to `of(participant)`. */
export function byParticipant<T>(
  of: (participant: RegisteredParticipant) => T,
): Record<ParticipantName, T> {
  const entries = participants.map((one) => [one.name, of(one)] as const);
  return Object.fromEntries(entries) as Record<ParticipantName, T>;
}

/** Maps each service's name to `of(service)`. */
export function byService<T>(of: (service: Service) => T): Record<Service, T> {
  const entries = services.map((service) => [service, of(service)] as const);
  return Object.fromEntries(entries) as Record<Service, T>;
}

/** Maps each participant's label to `of(label)`. */
export function byLabel<T>(of: (label: Label) => T): Record<Label, T> {
  const entries = participants.map(({ label }) => [label, of(label)] as const);
  return Object.fromEntries(entries) as Record<Label, T>;
}

/** @throws Error for the order service, which is not a participant */
export function participantOf(service: Service): RegisteredParticipant {
  const found = participants.find(({ name }) => name === service);
  if (!found) throw new Error(`The service ${service} is not a participant`);
  return found;
}

/** The steps that the compensation registry may contain. */
export type CompensationStep = Words['steps']['saga']['compensation'];
export const compensationSteps: readonly CompensationStep[] = registered.map(
  ({ steps }) => steps.saga.compensation,
);

/** What the participants take, as rules and reports name it. */
export type Label = Words['label'];

export type RejectionCode = Words['rejection']['code'];

/** The codes for a missing balance, where that is a fault. */
export type UnknownBalanceCode = NonNullable<Words['unknown']>;

export type { Words as ParticipantWords };

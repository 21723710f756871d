import { deliveryId, events, type EventType } from '../contracts/events';
import { type Service, services } from '../contracts/participants';
import type { Findings } from './findings';
import { inParts } from './in-parts';
import { isByEvent, type AuditedOrder } from './orders';
import type { InFlight } from './recheck';
import type { Reader } from './snapshot';

/** An event that a service has emitted and its relay has not handed over. */
interface Unsent {
  orderId: string;
  eventId: string;
  service: Service;
  /** Whole seconds since it was emitted, by the database's clock. */
  ageS: number;
}

/** The report needs no more than these. */
const unsentMax = 1_000;

/** The events that the relays have not handed over yet, oldest first. */
export async function readUnsent(readers: Record<Service, Reader>): Promise<Unsent[]> {
  const found = await Promise.all(
    services.map(async (service) => {
      const rows = await readers[service].rows<Omit<Unsent, 'service'>>(
        `SELECT order_id orderId, event_id eventId,
                TIMESTAMPDIFF(SECOND, created_at, UTC_TIMESTAMP(6)) ageS
         FROM outbox WHERE sent_at IS NULL ORDER BY created_at LIMIT ?`,
        [unsentMax],
      );
      return rows.map((row) => ({ ...row, service }));
    }),
  );
  return found.flat();
}

/**
 * The orders for which a service has emitted an event within the last `withinS` seconds. Their next
 * event is in flight, even if no list shows it, because the lists are read one after another.
 */
export async function readInFlight(
  readers: Record<Service, Reader>,
  unfinished: readonly AuditedOrder[],
  withinS: number,
): Promise<Set<string>> {
  const ids = unfinished.filter(isByEvent).map(({ orderId }) => orderId);
  const inFlight = new Set<string>();
  for (const service of services) {
    const rows = await inParts<{ o: string }>(
      readers[service],
      `SELECT order_id o FROM outbox
       WHERE created_at > UTC_TIMESTAMP(6) - INTERVAL ${String(withinS)} SECOND AND order_id IN`,
      ids,
    );
    for (const { o } of rows) inFlight.add(o);
  }
  return inFlight;
}

/** The deliveries that these orders' events share with others' events: workflow ids, by order. */
export async function readSharedDeliveries(
  readers: Record<Service, Reader>,
  unfinished: readonly AuditedOrder[],
): Promise<Map<string, string[]>> {
  const ids = unfinished.filter(isByEvent).map(({ orderId }) => orderId);
  const deliveries = new Map<string, string[]>();
  for (const service of services) {
    const rows = await inParts<{ o: string; delivery: string; type: EventType }>(
      readers[service],
      `SELECT order_id o, delivery, type FROM outbox
       WHERE delivery <> event_id AND order_id IN`,
      ids,
    );
    for (const { o, delivery, type } of rows) {
      const to = events[type].subscriptions.map(({ subscriber }) =>
        deliveryId(delivery, subscriber),
      );
      deliveries.set(o, [...(deliveries.get(o) ?? []), ...to]);
    }
  }
  return deliveries;
}

/** The number of events that the services have emitted. */
export async function countEmitted(readers: Record<Service, Reader>): Promise<number> {
  const counts = await Promise.all(
    services.map((service) =>
      readers[service].rows<{ n: number }>('SELECT COUNT(*) n FROM outbox'),
    ),
  );
  return counts.flat().reduce((sum, { n }) => sum + n, 0);
}

/** At rest no event is unsent. An event that is unsent for too long is a violation. */
export function judgeUnsent(
  unsent: readonly Unsent[],
  unfinishedSMax: number,
  findings: Findings,
): InFlight[] {
  return unsent.map(({ orderId, eventId, service, ageS }) => {
    if (ageS > unfinishedSMax) {
      const detail = `${eventId} of the ${service} service is unsent for ${String(ageS)} s`;
      findings.add({ rule: 'outbox-drained', orderId, detail });
    }
    return { orderId, waitsFor: 'event' as const };
  });
}

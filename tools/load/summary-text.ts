import type { AuditReport } from '../../audit/audit';
import { toText } from '../../audit/report';
import type { Latency, Summary } from './outcomes';

const whole = new Intl.NumberFormat('en');
const tenths = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const nameWidth = 30;
const numberWidth = 12;

/** What a load has come to, for a reader; the audit in full only when it is not clean. */
export function summaryText(summary: Summary, callers: number, audit: AuditReport): string {
  const { orders, seconds, ordersPerSecond, latencyMs } = summary;
  return [
    `${whole.format(orders)} orders by ${whole.format(callers)} callers in ` +
      `${tenths.format(seconds)} s: ${tenths.format(ordersPerSecond)} orders/s`,
    '',
    ...outcomeRows(summary),
    '',
    row('latency, ms', 'p50', 'p95', 'p99', 'max'),
    latencyRow('create and place', latencyMs.createAndPlace),
    latencyRow('place', latencyMs.place),
    '',
    auditText(audit),
  ].join('\n');
}

function outcomeRows(summary: Summary): string[] {
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
  return [
    row('completed', whole.format(summary.completed)),
    row('cancelled', whole.format(sum(summary.cancelled))),
    ...countRows(summary.cancelled),
    row('pending', whole.format(summary.pending)),
    row('failed', whole.format(sum(summary.failed))),
    ...countRows(summary.failed),
    row('unknown', whole.format(summary.unknown)),
    row('calls made again', whole.format(summary.retries)),
  ];
}

function countRows(counts: Record<string, number>): string[] {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, n]) => row(`  ${name}`, whole.format(n)));
}

function latencyRow(name: string, { p50, p95, p99, max }: Latency): string {
  return row(name, ...[p50, p95, p99, max].map((ms) => tenths.format(ms)));
}

function row(name: string, ...cells: string[]): string {
  return name.padEnd(nameWidth) + cells.map((cell) => cell.padStart(numberWidth)).join('');
}

function auditText(audit: AuditReport): string {
  if (!audit.clean) return `Audit of ${toText(audit)}`;
  const orders = whole.format(audit.orders);
  if (audit.atRest) return `Audit: clean and at rest, all of ${orders} orders proved.`;
  const moving = whole.format(audit.inFlight.length);
  return `Audit: clean so far; in flight: ${moving} of ${orders} orders.`;
}

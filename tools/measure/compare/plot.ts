import type { TopLevelSpec } from 'vega-lite';
import { config } from '../bench/plot-specs';
import { median } from '../bench/table';
import { participants } from '../../../contracts/participants';
import type { Row } from './row';
import { subjects } from './subjects';
import { actionsOf, caughtPercent, groupsOf } from './table';

interface Metric {
  title: string;
  value: (row: Row) => number;
}

const metrics: Metric[] = [
  { title: 'orders/s (higher is better)', value: (row) => row.ordersPerSecond },
  { title: 'latency p50, ms', value: (row) => row.latencyMs.p50 },
  { title: 'latency p99, ms', value: (row) => row.latencyMs.p99 },
  // Of the participant whose rows are locked first, and so for the longest.
  ...participants.slice(0, 1).map(({ label }) => ({
    title: `${label} rows locked, p50 ms an order`,
    value: (row: Row) => row.lockedMs[label].p50,
  })),
  { title: 'caught half done, % of orders', value: caughtPercent },
  { title: 'half done for, p50 ms at least', value: (row) => row.isolation.atLeastMs.p50 },
  { title: 'transactions an order', value: (row) => row.transactions },
  { title: 'rows written an order', value: (row) => row.rowsWritten },
  { title: 'Temporal actions an order', value: actionsOf },
];
const perLine = 3;
const scenarioOrder = ['plain', 'failing', 'hot'];
/** Distinct to the colour-blind too. */
const colours = ['#0072b2', '#e69f00', '#cc79a7'];

/** Small multiples: a metric each, the patterns beside each other, the scenarios in colour. */
export function specOf(rows: readonly Row[]): TopLevelSpec {
  const groups = groupsOf(rows);
  const values = groups.flatMap((group) =>
    metrics.map(({ title, value }) => ({
      metric: title,
      subject: group[0]?.subject ?? '',
      scenario: group[0]?.scenario ?? '',
      value: median(group.map(value)),
    })),
  );
  return {
    title: {
      text: 'The patterns compared, within one run',
      subtitle: [
        'Created and placed over HTTP by callers in a closed loop, separate processes; medians.',
        'saga shares a workflow among the orders that come together; saga-alone and the others do not.',
      ],
    },
    data: { values },
    config,
    columns: perLine,
    spacing: 30,
    concat: metrics.map(({ title }) => chart(title)),
  };
}

function chart(title: string) {
  return {
    title: { text: title, fontSize: 13, anchor: 'start' as const },
    transform: [{ filter: { field: 'metric', equal: title } }],
    width: 300,
    height: 180,
    mark: { type: 'bar' as const },
    encoding: {
      x: {
        field: 'subject',
        type: 'nominal' as const,
        title: null,
        sort: subjects.map(({ name }) => name),
        axis: { labelAngle: -30 },
      },
      xOffset: { field: 'scenario', sort: scenarioOrder },
      y: { field: 'value', type: 'quantitative' as const, title: null },
      color: {
        field: 'scenario',
        type: 'nominal' as const,
        title: 'scenario',
        scale: { domain: scenarioOrder, range: colours },
      },
    },
  };
}

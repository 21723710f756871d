import type { TopLevelSpec } from 'vega-lite';
import type { Row } from './row';
import { groupsOf, median, ratioToNaked } from './table';
import { variants } from './variants';

const order = variants.map(({ name }) => name);
/** Distinct to the colour-blind too; naked, which the others are held against, is grey. */
const colours = ['#888888', '#d55e00', '#0072b2', '#009e73', '#cc79a7', '#e69f00'];
const processOrder = ['mysql', 'temporal', 'api', 'workflow-worker'];
/** How every picture looks. */
export const config = {
  background: 'white',
  font: 'sans-serif',
  title: { anchor: 'start', fontSize: 16, subtitleFontSize: 12, offset: 14 },
  axis: { labelFontSize: 12, titleFontSize: 12 },
  legend: { labelFontSize: 12, titleFontSize: 12, symbolSize: 120 },
  header: { labelFontSize: 12, titleFontSize: 12 },
} as const;
const size = { width: 380, height: 280 };

interface Point {
  variant: string;
  callers: number;
  ordersPerSecond: number;
  timesNaked: number | null;
  p50: number;
  p99: number;
}

/** The pictures by name; the rows are plain and of closed loops. */
export function specsOf(rows: readonly Row[]): Record<string, TopLevelSpec> {
  const groups = groupsOf(rows);
  const points = groups.flatMap((group): Point[] => {
    const [first] = group;
    if (!first) return [];
    return [
      {
        variant: first.variant,
        callers: first.callers,
        ordersPerSecond: median(group.map((row) => row.ordersPerSecond)),
        timesNaked: ratioToNaked(rows, group) ?? null,
        p50: median(group.map((row) => row.p50Ms)),
        p99: median(group.map((row) => row.p99Ms)),
      },
    ];
  });
  return {
    throughput: throughput(points),
    latency: latency(points),
    cpu: cpu(groups),
  };
}

function throughput(points: Point[]): TopLevelSpec {
  return {
    title: {
      text: 'Orders a second, by callers',
      subtitle: 'Created and placed over HTTP; closed loop; medians. Higher is better.',
    },
    data: { values: points },
    config,
    hconcat: [
      lines(points, 'ordersPerSecond', 'orders/s', 'linear'),
      lines(points, 'timesNaked', 'orders/s ÷ orders/s of naked', 'linear'),
    ],
  };
}

function latency(points: Point[]): TopLevelSpec {
  const values = points.map(({ p50, p99 }) => [p50, p99]).flat();
  const domain = [Math.min(...values) * 0.8, Math.max(...values) * 1.2];
  return {
    title: {
      text: 'Latency of creating and placing an order, by callers',
      subtitle: 'Milliseconds, logarithmic; closed loop; medians. Lower is better.',
    },
    data: { values: points },
    config,
    hconcat: [
      lines(points, 'p50', 'p50, ms', 'log', domain),
      lines(points, 'p99', 'p99, ms', 'log', domain),
    ],
  };
}

function lines(
  points: readonly Point[],
  field: keyof Point,
  title: string,
  type: 'linear' | 'log',
  domain?: number[],
) {
  const callers = [...new Set(points.map((point) => point.callers))].sort((a, b) => a - b);
  return {
    ...size,
    mark: { type: 'line' as const, point: { size: 55 }, strokeWidth: 2.5 },
    encoding: {
      x: {
        field: 'callers',
        type: 'quantitative' as const,
        title: 'callers at once (logarithmic)',
        scale: { type: 'log' as const, base: 2, nice: false },
        axis: { values: callers, format: 'd', grid: false },
      },
      y: {
        field,
        type: 'quantitative' as const,
        title,
        scale: domain ? { type, domain } : { type, zero: type === 'linear' },
      },
      color: {
        field: 'variant',
        type: 'nominal' as const,
        title: 'variant',
        sort: order,
        scale: scaleOf(points.map(({ variant }) => variant)),
      },
      strokeDash: {
        condition: { test: "datum.variant === 'naked'", value: [6, 4] },
        value: [1, 0],
      },
    },
  };
}

/** A variant has the same colour in every picture, whichever others were measured. */
function scaleOf(names: readonly string[]) {
  const domain = [...new Set(names)].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const range = domain.map((name) => colours[order.indexOf(name) % colours.length] ?? '#000000');
  return { domain, range };
}

function cpu(groups: readonly (readonly Row[])[]): TopLevelSpec {
  const values = groups.flatMap((group) => {
    const names = [...new Set(group.flatMap((row) => Object.keys(row.cpuMsByProcess)))];
    return names.map((process) => ({
      variant: group[0]?.variant ?? '',
      callers: group[0]?.callers ?? 0,
      process,
      rank: processOrder.includes(process) ? processOrder.indexOf(process) : processOrder.length,
      ms: median(group.map((row) => row.cpuMsByProcess[process] ?? 0)),
    }));
  });
  return {
    title: {
      text: 'CPU time of an order, by process',
      subtitle:
        'Milliseconds of one CPU for each order, the load generator left out; medians. ' +
        'Each number of callers has a scale of its own.',
    },
    data: { values },
    config,
    facet: { column: { field: 'callers', type: 'ordinal', title: 'callers at once' } },
    resolve: { scale: { y: 'independent' } },
    spec: {
      width: { step: 34 },
      height: size.height,
      mark: { type: 'bar' },
      encoding: {
        x: {
          field: 'variant',
          type: 'nominal',
          title: null,
          sort: order.filter((name) => values.some(({ variant }) => variant === name)),
          axis: { labelAngle: -40 },
        },
        y: { field: 'ms', type: 'quantitative', title: 'CPU ms an order', stack: 'zero' },
        color: {
          field: 'process',
          type: 'nominal',
          title: 'process',
          sort: [...processOrder],
          scale: { scheme: 'tableau10' },
        },
        order: { field: 'rank', type: 'quantitative' },
      },
    },
  };
}

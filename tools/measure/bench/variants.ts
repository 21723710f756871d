import { join } from 'node:path';
import { appProcesses } from '../../stack/processes';
import type { StackSettings } from '../../stack/settings';
import type { StackFile } from '../../stack/stack-file';
import type { ProcessSpec } from '../../stack/supervised-process';

/** One way of placing orders, as processes. A later pattern joins by a row of its own. */
export interface Variant {
  name: string;
  what: string;
  environment: NodeJS.ProcessEnv;
  /** Processes of its own instead of the product's. */
  processes?: (stack: StackFile, settings: StackSettings) => ProcessSpec[];
}

export const variants: Variant[] = [
  {
    name: 'naked',
    what: 'the same local transactions one by one, in one process, no orchestration',
    environment: { PLACEMENT: 'local' },
    processes: nakedProcess,
  },
  {
    name: 'saga',
    what: 'a workflow an order, separate processes',
    environment: { BATCH_ORDERS_MAX: '1', BATCHES_IN_FLIGHT_MAX: '64' },
  },
  { name: 'batched', what: 'batched workflows, separate processes', environment: {} },
  {
    name: 'batched-local',
    what: 'batched workflows, steps as local activities in one process',
    environment: { PLACEMENT: 'local' },
  },
];

/** The processes of a variant, given where its databases and Temporal are. */
export function variantProcesses(
  variant: Variant,
  stack: StackFile,
  settings: StackSettings,
): ProcessSpec[] {
  const environment = { ...settings.environment, ...variant.environment };
  const own = { ...settings, environment };
  return (variant.processes ?? appProcesses)(stack, own);
}

/** Naked is the local process with another program in it: the same databases, no Temporal. */
function nakedProcess(stack: StackFile, settings: StackSettings): ProcessSpec[] {
  const script = join(__dirname, 'naked.ts');
  return appProcesses(stack, settings).map((spec) => ({
    ...spec,
    marker: script,
    command: () => {
      const command = spec.command();
      return { ...command, args: [...command.args.slice(0, -1), script] };
    },
  }));
}

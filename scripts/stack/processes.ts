import { join } from 'node:path';
import type { ServerCommand } from './bound-process';
import { cloneFolder, type StackSettings } from './settings';
import type { StackFile } from './stack-file';
import { databaseUrl, describeStack, jwtAudience, jwtIssuer } from './state';
import type { ProcessSpec } from './supervised-process';

/** Above the workers' own grace, which is above one attempt of a step. */
const stopMsMax = 15_000;

/** Not secret, and the same for all: how hard and how often things are tried. */
const tuning = [
  'PLACEMENT',
  'ACTIVITY_SLOTS',
  'ADOPT_AFTER_MS',
  'ADOPT_EVERY_MS',
  'DRAIN_EVERY_MS',
  'ATTEMPT_MS_MAX',
  'ACTION_MS_MAX',
  'FIRST_RETRY_MS',
  'COMPENSATION_ATTEMPTS_MAX',
  'LOCK_WAIT_S_MAX',
  'STICKY_MS_MAX',
  'BATCH_ORDERS_MAX',
  'BATCHES_IN_FLIGHT_MAX',
];

export const apiProcess = 'api';

/**
 * The system's own processes. Each gets an environment of its own with exactly the secrets that it
 * may have: what one service's worker cannot name, it cannot touch.
 */
export function appProcesses(stack: StackFile, settings: StackSettings): ProcessSpec[] {
  const { temporal, apiUrl } = describeStack(stack);
  const common = {
    ...tuningOf(settings.environment),
    ...settings.basicEnvironment,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    RUNBOOKS_URL: settings.environment['RUNBOOKS_URL'] ?? `${apiUrl}/runbooks`,
  };
  const local = settings.environment['PLACEMENT'] === 'local';
  const parts = local ? localProcess(stack) : separateProcesses(stack);
  return parts.map(({ name, file, own }) => {
    const script = join(cloneFolder, 'workers', `${file}.ts`);
    const logFile = join(settings.localFolder, 'logs', `${name}.log`);
    const command = () => nodeCommand(script, { ...common, ...own });
    return { name, command, logFile, isReady: 'message', stopMsMax, marker: script };
  });
}

interface Part {
  name: string;
  /** In workers/. */
  file: string;
  own: NodeJS.ProcessEnv;
}

function separateProcesses(stack: StackFile): Part[] {
  const workers: [name: string, own: NodeJS.ProcessEnv][] = [
    ['order-worker', { ORDER_DATABASE_URL: databaseUrl(stack, 'order', 'order_worker') }],
    ['product-worker', { PRODUCT_DATABASE_URL: databaseUrl(stack, 'product', 'product_worker') }],
    ['point-worker', { POINT_DATABASE_URL: databaseUrl(stack, 'point', 'point_worker') }],
    ['workflow-worker', {}],
    [apiProcess, apiEnvironment(stack)],
  ];
  return workers.map(([name, own]) => ({ name, file: name, own }));
}

/** One process that does it all, and therefore holds what five otherwise hold apart. */
function localProcess(stack: StackFile): Part[] {
  const own = {
    ...apiEnvironment(stack),
    ORDER_WORKER_DATABASE_URL: databaseUrl(stack, 'order', 'order_worker'),
    PRODUCT_WORKER_DATABASE_URL: databaseUrl(stack, 'product', 'product_worker'),
    POINT_WORKER_DATABASE_URL: databaseUrl(stack, 'point', 'point_worker'),
  };
  return [{ name: apiProcess, file: 'local', own }];
}

function apiEnvironment(stack: StackFile): NodeJS.ProcessEnv {
  return {
    ORDER_DATABASE_URL: databaseUrl(stack, 'order', 'order_api'),
    PRODUCT_DATABASE_URL: databaseUrl(stack, 'product', 'product_reader'),
    POINT_DATABASE_URL: databaseUrl(stack, 'point', 'point_reader'),
    API_HOST: '127.0.0.1',
    API_PORT: String(stack.ports.api),
    JWT_PUBLIC_KEY: stack.jwt.publicKey,
    JWT_ISSUER: jwtIssuer,
    JWT_AUDIENCE: jwtAudience,
    RUNBOOKS_FOLDER: join(cloneFolder, 'docs', 'runbooks'),
  };
}

function nodeCommand(script: string, env: NodeJS.ProcessEnv): ServerCommand {
  const args = ['--require', join(__dirname, 'typescript.cjs'), script];
  return { program: process.execPath, args, cwd: cloneFolder, env };
}

function tuningOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(tuning.flatMap((name) => (name in env ? [[name, env[name]]] : [])));
}

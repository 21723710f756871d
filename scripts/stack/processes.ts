import { join } from 'node:path';
import { stopMsMaxOf } from '../../workers/stopping';
import type { ServerCommand } from './bound-process';
import { cloneFolder, type StackSettings } from './settings';
import { databaseNames, type StackFile } from './stack-file';
import { databaseUrl, describeStack, jwtAudience, jwtIssuer } from './state';
import type { ProcessSpec } from './supervised-process';

/** Nobody balances between the processes of one machine: callers would only wait. */
const lameDuckMs = 0;

/** Not secret, and the same for all: how hard and how often things are tried. */
const tuning = [
  'PLACEMENT',
  'ACTIVITY_SLOTS',
  'RECOVER_EVERY_MS',
  'LOOKOUT_EVERY_MS',
  'ADOPT_AFTER_MS',
  'SCAN_AFTER_MS',
  'SCAN_CANCEL_AFTER_MS',
  'ATTEMPT_MS_MAX',
  'ACTION_MS_MAX',
  'FIRST_RETRY_MS',
  'COMPENSATION_ATTEMPTS_MAX',
  'REGISTRY_RETRY_MS',
  'CONFIRM_ATTEMPTS_MAX',
  'FORCE_CONFIRM_AFTER_MS',
  'SWEEP_AFTER_MS',
  'LOCK_WAIT_S_MAX',
  'STICKY_MS_MAX',
  'DEFAULT_PATTERN',
  'BATCH_ORDERS_MAX',
  'BATCHES_IN_FLIGHT_MAX',
  'API_CONNECTIONS_MAX',
  'API_CONNECTIONS_PER_ADDRESS_MAX',
  'LAME_DUCK_MS',
];

export const apiProcess = 'api';
/** Without it no order goes on; in placement `local` the API's process is this one too. */
export const workflowProcess = 'workflow-worker';

/**
 * The system's own processes. Each gets an environment of its own with exactly the secrets that it
 * may have: what one service's worker cannot name, it cannot touch.
 */
export function appProcesses(stack: StackFile, settings: StackSettings): ProcessSpec[] {
  const { temporal, apiUrl } = describeStack(stack);
  const common = {
    LAME_DUCK_MS: String(lameDuckMs),
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
    const stopMsMax = stopMsMaxOfProcess(file, common);
    return { name, command, logFile, isReady: 'message', stopMsMax, marker: script };
  });
}

function stopMsMaxOfProcess(file: string, env: NodeJS.ProcessEnv): number {
  const duckMs = Number(env['LAME_DUCK_MS']);
  if (file === 'local') return stopMsMaxOf.local(duckMs);
  return file === apiProcess ? stopMsMaxOf.api(duckMs) : stopMsMaxOf.worker;
}

interface Part {
  name: string;
  /** In workers/. */
  file: string;
  own: NodeJS.ProcessEnv;
}

function separateProcesses(stack: StackFile): Part[] {
  const workers: (readonly [name: string, own: NodeJS.ProcessEnv])[] = [
    ['order-worker', { ORDER_DATABASE_URL: databaseUrl(stack, 'order', 'order_worker') }],
    [
      'product-worker',
      {
        PRODUCT_DATABASE_URL: databaseUrl(stack, 'product', 'product_worker'),
        PRODUCT_RECOVERY_URL: databaseUrl(stack, 'product', 'product_recovery'),
        ...xaEnvironment(stack),
      },
    ],
    [
      'point-worker',
      {
        POINT_DATABASE_URL: databaseUrl(stack, 'point', 'point_worker'),
        POINT_RECOVERY_URL: databaseUrl(stack, 'point', 'point_recovery'),
        ...xaEnvironment(stack),
      },
    ],
    ...(stack.separateDatabases ? [] : [['lock-worker', lockEnvironment(stack)] as const]),
    [workflowProcess, {}],
    [apiProcess, apiEnvironment(stack)],
  ];
  return workers.map(([name, own]) => ({ name, file: name, own }));
}

/** One process that does it all, and therefore holds every secret that others hold apart. */
function localProcess(stack: StackFile): Part[] {
  const own = {
    ...apiEnvironment(stack),
    ORDER_WORKER_DATABASE_URL: databaseUrl(stack, 'order', 'order_worker'),
    PRODUCT_WORKER_DATABASE_URL: databaseUrl(stack, 'product', 'product_worker'),
    POINT_WORKER_DATABASE_URL: databaseUrl(stack, 'point', 'point_worker'),
    ...(!stack.separateDatabases && lockEnvironment(stack)),
    PRODUCT_RECOVERY_URL: databaseUrl(stack, 'product', 'product_recovery'),
    POINT_RECOVERY_URL: databaseUrl(stack, 'point', 'point_recovery'),
    ...xaEnvironment(stack),
  };
  return [{ name: apiProcess, file: 'local', own }];
}

/** One connection that reaches all three databases: only where one server holds them. */
function lockEnvironment(stack: StackFile): NodeJS.ProcessEnv {
  return {
    LOCK_DATABASE_URL: databaseUrl(stack, 'order', 'lock_worker'),
    LOCK_PRODUCT_DATABASE: databaseNames.product,
    LOCK_POINT_DATABASE: databaseNames.point,
  };
}

function xaEnvironment({ xa }: StackFile): NodeJS.ProcessEnv {
  return { XA_SECRET: xa.secret, XA_INSTALLATION: xa.installation };
}

function apiEnvironment(stack: StackFile): NodeJS.ProcessEnv {
  return {
    ORDER_DATABASE_URL: databaseUrl(stack, 'order', 'order_api'),
    PRODUCT_DATABASE_URL: databaseUrl(stack, 'product', 'product_reader'),
    POINT_DATABASE_URL: databaseUrl(stack, 'point', 'point_reader'),
    DATABASE_SERVERS: stack.separateDatabases ? 'separate' : 'one',
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

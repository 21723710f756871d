import { join } from 'node:path';
import { stopMsMaxOf } from '../../workers/wiring/stopping';
import type { ServerCommand } from './bound-process';
import { apiProcess, localPart, separateParts, type Surroundings } from './parts';
import { cloneFolder, type StackSettings } from './settings';
import type { StackFile } from './stack-file';
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
  'HELD_MS_MAX',
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

/** The processes of this clone's stack, each with an environment of its own. */
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
  const around = surroundingsOf(stack);
  const parts = local ? [localPart(around)] : separateParts(around);
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

function surroundingsOf(stack: StackFile): Surroundings {
  return {
    urlOf: (service, user) => databaseUrl(stack, service, user),
    separateDatabases: stack.separateDatabases,
    xa: stack.xa,
    api: {
      API_HOST: '127.0.0.1',
      API_PORT: String(stack.ports.api),
      JWT_PUBLIC_KEY: stack.jwt.publicKey,
      JWT_ISSUER: jwtIssuer,
      JWT_AUDIENCE: jwtAudience,
      RUNBOOKS_FOLDER: join(cloneFolder, 'docs', 'runbooks'),
    },
  };
}

function nodeCommand(script: string, env: NodeJS.ProcessEnv): ServerCommand {
  const args = ['--require', join(__dirname, 'typescript.cjs'), script];
  return { program: process.execPath, args, cwd: cloneFolder, env };
}

function tuningOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(tuning.flatMap((name) => (name in env ? [[name, env[name]]] : [])));
}

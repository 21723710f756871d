import { z } from 'zod';
import { patterns } from '../contracts/order';
import { participantOf, participants, services } from '../contracts/participants';
import type { ParticipantName, Service } from '../contracts/participants';
import { lameDuckMsDefault, lameDuckMsMax } from './stopping';

/**
 * A process's configuration: read once, from the environment, before anything is connected. No
 * other process code reads `process.env`; each process asks for just what it may have.
 */

const databaseUrl = z.url({ protocol: /^mysql$/ });

const databaseName = z.string().regex(/^\w{1,64}$/);

/** Settings of each service, by what follows its name: `PRODUCT_DATABASE_URL`. */
const ofEachService = {
  DATABASE_URL: databaseUrl,
  /** For the one process of placement `local`, which does the services' work as well. */
  WORKER_DATABASE_URL: databaseUrl,
  /** Of a user who sees and ends XA branches, and reads no table: of participants alone. */
  RECOVERY_URL: databaseUrl,
  /** The administrator's connection: for migrations alone. */
  ADMIN_URL: databaseUrl,
};

type OfEachService = keyof typeof ofEachService;
type ServiceSetting = `${Uppercase<Service>}_${OfEachService}`;
type LockSetting = `LOCK_${Uppercase<ParticipantName>}_DATABASE`;

/** What this setting of this service is called in the environment. */
export function settingOf<S extends Service, R extends OfEachService>(service: S, setting: R) {
  return `${service.toUpperCase() as Uppercase<S>}_${setting}` as const;
}

/** The same of every service. */
export const settingsOfServices = <R extends OfEachService>(setting: R) =>
  services.map((service) => settingOf(service, setting));

/** The same of every participant. */
export const settingsOfParticipants = <R extends OfEachService>(setting: R) =>
  participants.map(({ name }) => settingOf(name, setting));

/** What the setting of pattern `lock` is called that names a participant's database. */
export function lockSettingOf<P extends ParticipantName>(name: P) {
  return `LOCK_${name.toUpperCase() as Uppercase<P>}_DATABASE` as const;
}

const derived = {
  ...Object.fromEntries(
    Object.entries(ofEachService).flatMap(([setting, schema]) =>
      settingsOfServices(setting as OfEachService).map((name) => [name, schema]),
    ),
  ),
  ...Object.fromEntries(participants.map(({ name }) => [lockSettingOf(name), databaseName])),
} as Record<ServiceSetting, typeof databaseUrl> & Record<LockSetting, typeof databaseName>;

const settings = {
  ...derived,
  TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  /** Which participant a `participant-worker` is; the next two are its own. */
  PARTICIPANT: z.enum(participants.map(({ name }) => name)).transform(participantOf),
  DATABASE_URL: databaseUrl,
  RECOVERY_URL: databaseUrl,
  /** For pattern `lock`: the order database, by a user that reaches the others as well. */
  LOCK_DATABASE_URL: databaseUrl,
  /** Where all databases are on `one` server, one transaction reaches them: pattern `lock`. */
  DATABASE_SERVERS: z.enum(['one', 'separate']).default('separate'),
  /** Makes the ids of XA branches unguessable: a user who knows one may end its branch. */
  XA_SECRET: z.string().min(16),
  /** Tells this installation's branches from another's on the same server. Never changed. */
  XA_INSTALLATION: z.string().min(1).max(64),
  /** `user=password` of each database user, separated by commas. */
  DATABASE_PASSWORDS: z
    .string()
    .regex(/^[a-z_]+=[^,=]+(,[a-z_]+=[^,=]+)*$/)
    .transform((list): Record<string, string> => {
      const pairs = list.split(',').map((pair) => pair.split('=') as [string, string]);
      return Object.fromEntries(pairs);
    }),
  API_HOST: z.string().default('127.0.0.1'),
  API_PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  /** Connections of callers at once; what comes beyond is answered 503. */
  API_CONNECTIONS_MAX: z.coerce.number().int().min(1).max(50_000).default(4_096),
  /** The same of one address. Not behind a proxy: all that it passes on comes from its address. */
  API_CONNECTIONS_PER_ADDRESS_MAX: z.coerce.number().int().min(1).optional(),
  /** For how long an API that is told to end takes requests: longer than its balancer's checks. */
  LAME_DUCK_MS: z.coerce.number().int().min(0).max(lameDuckMsMax).default(lameDuckMsDefault),
  JWT_PUBLIC_KEY: z.string().startsWith('-----BEGIN PUBLIC KEY-----'),
  JWT_ISSUER: z.string().min(1),
  JWT_AUDIENCE: z.string().min(1),
  /** Where the steps run: see contracts/limits.ts. */
  PLACEMENT: z.enum(['separate', 'local']).default('separate'),
  /** For callers who name no pattern. */
  DEFAULT_PATTERN: z.enum(patterns).default('saga'),
  /** Activities at once in one worker; its database pool has as many connections. */
  ACTIVITY_SLOTS: z.coerce.number().int().min(1).max(200).default(20),
  /** How often the schedule looks for work that no workflow drives. */
  RECOVER_EVERY_MS: z.coerce.number().int().min(1_000).default(60_000),
  /** How often each service looks for such work in its own database, and has the schedule look. */
  LOOKOUT_EVERY_MS: z.coerce.number().int().min(100).default(5_000),
  /** Longer than any worker's restart: see docs/saga.md on adoption. */
  ADOPT_AFTER_MS: z.coerce.number().int().min(100).default(30_000),
  /** Younger branches are being driven: see docs/xa.md on the scanner. */
  SCAN_AFTER_MS: z.coerce.number().int().min(100).default(15_000),
  /** Above twice ACTION_MS_MAX: by then nobody is about to decide. */
  SCAN_CANCEL_AFTER_MS: z.coerce.number().int().min(100).default(180_000),
  ATTEMPT_MS_MAX: z.coerce.number().int().min(100).default(10_000),
  ACTION_MS_MAX: z.coerce.number().int().min(100).default(60_000),
  FIRST_RETRY_MS: z.coerce.number().int().min(1).default(100),
  COMPENSATION_ATTEMPTS_MAX: z.coerce.number().int().min(1).default(4),
  REGISTRY_RETRY_MS: z.coerce.number().int().min(1).default(2_000),
  /** TCC: see docs/tcc.md on what an order waits for. */
  CONFIRM_ATTEMPTS_MAX: z.coerce.number().int().min(1).default(4),
  FORCE_CONFIRM_AFTER_MS: z.coerce.number().int().min(100).default(30_000),
  /** Longer than any worker's restart, or reservations would be asked about in vain. */
  SWEEP_AFTER_MS: z.coerce.number().int().min(100).default(60_000),
  /** For a row; cut to what the session's other limits leave: see `sessionLimits`. */
  LOCK_WAIT_S_MAX: z.coerce.number().int().min(1).default(3),
  /** How long a workflow waits for the worker that last drove it before any may go on. */
  STICKY_MS_MAX: z.coerce.number().int().min(100).default(10_000),
  /** Orders that one workflow takes at most; 1 gives every order a workflow of its own. */
  BATCH_ORDERS_MAX: z.coerce.number().int().min(1).max(256).default(256),
  BATCHES_IN_FLIGHT_MAX: z.coerce.number().int().min(1).max(64).default(2),
  /** Where docs/runbooks can be read, for links in the Temporal UI; `/broken-step` is appended. */
  RUNBOOKS_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** A folder of runbooks that the API shows to everybody, such as docs/runbooks; none if unset. */
  RUNBOOKS_FOLDER: z.string().min(1).optional(),
};

type Settings = typeof settings;
export type SettingName = keyof Settings;
export type Config<K extends SettingName> = { [P in K]: z.output<Settings[P]> };

/**
 * Parses the named settings, and fails naming every variable that is missing or wrong.
 *
 * @throws Error, meant to end the process before it has begun.
 */
export function readConfig<K extends SettingName>(
  names: readonly K[],
  environment: NodeJS.ProcessEnv = process.env,
): Config<K> {
  const entries = names.map((name) => {
    const result = settings[name].safeParse(environment[name]);
    return { name, result };
  });
  const faults = entries.flatMap(({ name, result }) =>
    result.success ? [] : [`${name}: ${result.error.issues.map((i) => i.message).join(', ')}`],
  );
  if (faults.length > 0) {
    throw new Error(`Invalid configuration:\n  ${faults.join('\n  ')}`);
  }
  return Object.fromEntries(entries.map(({ name, result }) => [name, result.data])) as Config<K>;
}

/** What every process of ours needs. */
export const commonSettings = ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'LOG_LEVEL'] as const;

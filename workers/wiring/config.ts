import { z } from 'zod';
import { patterns } from '../../contracts/order';
import { participantOf, participants, services } from '../../contracts/participants';
import type { ParticipantName, Service } from '../../contracts/participants';
import { lameDuckMsDefault, lameDuckMsMax } from './stopping';

/**
 * A process's configuration, read once from the environment before anything is connected. No other
 * code reads `process.env`. Each process reads only the settings that it needs.
 */

const databaseUrl = z.url({ protocol: /^mysql$/ });

const databaseName = z.string().regex(/^\w{1,64}$/);

/** Each service's settings, without the service's name in front: `PRODUCT_DATABASE_URL`. */
const ofEachService = {
  DATABASE_URL: databaseUrl,
  /** For the single process of placement `local`, which also runs the services' steps. */
  WORKER_DATABASE_URL: databaseUrl,
  /**
   * The URL of a user who lists and ends XA branches and reads no table. Only participants have
   * one.
   */
  RECOVERY_URL: databaseUrl,
  /** The administrator's connection, only for migrations. */
  ADMIN_URL: databaseUrl,
};

type OfEachService = keyof typeof ofEachService;
type ServiceSetting = `${Uppercase<Service>}_${OfEachService}`;
type LockSetting = `LOCK_${Uppercase<ParticipantName>}_DATABASE`;

/** The environment variable of a service's setting. */
export function settingOf<S extends Service, R extends OfEachService>(service: S, setting: R) {
  return `${service.toUpperCase() as Uppercase<S>}_${setting}` as const;
}

/** The same for every service. */
export const settingsOfServices = <R extends OfEachService>(setting: R) =>
  services.map((service) => settingOf(service, setting));

/** The same for every participant. */
export const settingsOfParticipants = <R extends OfEachService>(setting: R) =>
  participants.map(({ name }) => settingOf(name, setting));

/** The environment variable that names a participant's database for pattern `lock`. */
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
  /** Which participant a `participant-worker` serves. The next two settings are its own. */
  PARTICIPANT: z.enum(participants.map(({ name }) => name)).transform(participantOf),
  DATABASE_URL: databaseUrl,
  RECOVERY_URL: databaseUrl,
  /** For pattern `lock`: the order database, with a user that can reach the other databases. */
  LOCK_DATABASE_URL: databaseUrl,
  /** With all databases on `one` server, one transaction can span them: pattern `lock`. */
  DATABASE_SERVERS: z.enum(['one', 'separate']).default('separate'),
  /**
   * Makes the ids of XA branches unguessable, because a user who knows an id can end the branch.
   */
  XA_SECRET: z.string().min(16),
  /** Distinguishes this installation's branches from others on the same server. Never change it. */
  XA_INSTALLATION: z.string().min(1).max(64),
  /** `user=password` for each database user, separated by commas. */
  DATABASE_PASSWORDS: z
    .string()
    .regex(/^[a-z_]+=[^,=]+(,[a-z_]+=[^,=]+)*$/)
    .transform((list): Record<string, string> => {
      const pairs = list.split(',').map((pair) => pair.split('=') as [string, string]);
      return Object.fromEntries(pairs);
    }),
  API_HOST: z.string().default('127.0.0.1'),
  API_PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  /** Concurrent connections of callers. The API answers more with 503. */
  API_CONNECTIONS_MAX: z.coerce.number().int().min(1).max(50_000).default(4_096),
  /** The same per address. Do not set it behind a proxy, whose connections share one address. */
  API_CONNECTIONS_PER_ADDRESS_MAX: z.coerce.number().int().min(1).optional(),
  /**
   * How long the API still serves requests after it is told to stop. Longer than the load
   * balancer's check interval.
   */
  LAME_DUCK_MS: z.coerce.number().int().min(0).max(lameDuckMsMax).default(lameDuckMsDefault),
  JWT_PUBLIC_KEY: z.string().startsWith('-----BEGIN PUBLIC KEY-----'),
  JWT_ISSUER: z.string().min(1),
  JWT_AUDIENCE: z.string().min(1),
  /** Where the steps run; see contracts/limits.ts. */
  PLACEMENT: z.enum(['separate', 'local']).default('separate'),
  /** The pattern for callers who name none. */
  DEFAULT_PATTERN: z.enum(patterns).default('saga'),
  /** Concurrent activities in one worker. Its database pool has as many connections. */
  ACTIVITY_SLOTS: z.coerce.number().int().min(1).max(200).default(20),
  /** How often the schedule looks for work that no workflow drives. */
  RECOVER_EVERY_MS: z.coerce.number().int().min(1_000).default(60_000),
  /**
   * How often each service looks for such work in its database. If it finds some, it triggers the
   * schedule.
   */
  LOOKOUT_EVERY_MS: z.coerce.number().int().min(100).default(5_000),
  /** Longer than any worker's restart; see docs/saga.md on adoption. */
  ADOPT_AFTER_MS: z.coerce.number().int().min(100).default(30_000),
  /** A workflow still drives younger branches; see docs/xa.md on the scanner. */
  SCAN_AFTER_MS: z.coerce.number().int().min(100).default(15_000),
  /** More than twice ACTION_MS_MAX: by then no workflow is about to decide. */
  SCAN_CANCEL_AFTER_MS: z.coerce.number().int().min(100).default(180_000),
  ATTEMPT_MS_MAX: z.coerce.number().int().min(100).default(10_000),
  ACTION_MS_MAX: z.coerce.number().int().min(100).default(60_000),
  /** How long an order waits for rows that other sessions have locked. */
  HELD_MS_MAX: z.coerce.number().int().min(100).default(600_000),
  FIRST_RETRY_MS: z.coerce.number().int().min(1).default(100),
  COMPENSATION_ATTEMPTS_MAX: z.coerce.number().int().min(1).default(4),
  REGISTRY_RETRY_MS: z.coerce.number().int().min(1).default(2_000),
  /** TCC; see docs/tcc.md on what an order waits for. */
  CONFIRM_ATTEMPTS_MAX: z.coerce.number().int().min(1).default(4),
  FORCE_CONFIRM_AFTER_MS: z.coerce.number().int().min(100).default(30_000),
  /**
   * Longer than any worker's restart; otherwise sweeps would check reservations that a workflow
   * still drives.
   */
  SWEEP_AFTER_MS: z.coerce.number().int().min(100).default(60_000),
  /**
   * The wait for a row lock, reduced to what the session's other limits allow; see `sessionLimits`.
   */
  LOCK_WAIT_S_MAX: z.coerce.number().int().min(1).default(1),
  /** How long Temporal keeps a workflow for its last worker before another may continue it. */
  STICKY_MS_MAX: z.coerce.number().int().min(100).default(10_000),
  /** The maximum number of orders per workflow. 1 gives every order a workflow of its own. */
  BATCH_ORDERS_MAX: z.coerce.number().int().min(1).max(256).default(256),
  BATCHES_IN_FLIGHT_MAX: z.coerce.number().int().min(1).max(64).default(2),
  /**
   * The base URL of docs/runbooks, for links in the Temporal UI. A page name such as `/broken-step`
   * is appended.
   */
  RUNBOOKS_URL: z.url({ protocol: /^https?$/ }).optional(),
  /**
   * A folder of runbooks that the API serves without a token, such as docs/runbooks. Unset: none.
   */
  RUNBOOKS_FOLDER: z.string().min(1).optional(),
};

type Settings = typeof settings;
export type SettingName = keyof Settings;
export type Config<K extends SettingName> = { [P in K]: z.output<Settings[P]> };

/**
 * Parses the named settings. Fails with the name of every variable that is missing or invalid.
 *
 * @throws Error that should end the process at its start
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

/** The settings that every process needs. */
export const commonSettings = ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'LOG_LEVEL'] as const;

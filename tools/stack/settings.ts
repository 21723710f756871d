import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** What the environment may say to the scripts: read here, and nowhere else in this folder. */
export interface StackSettings {
  /** The folder of the stack's data, logs and state; absolute. */
  localFolder: string;
  /** The folder of downloaded programs, shared by all clones of one user; absolute. */
  cacheFolder: string;
  /** The folders in which programs are looked for. */
  searchPath: string[];
  /** All of it, for tools that download: proxies, certificates and mirrors are set there. */
  environment: NodeJS.ProcessEnv;
  /** What every program needs, whatever it is for. */
  basicEnvironment: NodeJS.ProcessEnv;
  /** A mysqld to use instead of looking for one. */
  mysqld: string | undefined;
  /** A `temporal` command to use instead of looking for one. */
  temporalCli: string | undefined;
  /** Ports asked for by name; undefined lets the stack choose. */
  ports: {
    api: number | undefined;
    temporal: number | undefined;
    temporalUi: number | undefined;
    mysql: number | undefined;
  };
}

export const cloneFolder = resolve(__dirname, '..', '..');

/**
 * Reads the settings of the scripts from an environment.
 *
 * @throws Error naming the variable when a port is not a whole number from 1 to 65535.
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env): StackSettings {
  const home = env['HOME'] ?? homedir();
  // Empty or relative it counts as unset, as the XDG specification has it.
  const { XDG_CACHE_HOME: chosen = '' } = env;
  const cacheHome = isAbsolute(chosen) ? chosen : join(home, '.cache');
  return {
    localFolder: resolve(cloneFolder, env['LOCAL_DIR'] ?? '.local'),
    cacheFolder: join(cacheHome, 'order-system'),
    // A mysqld lies in sbin, which ordinary users do not have on their PATH.
    searchPath: [...(env['PATH'] ?? '').split(':'), '/usr/local/sbin', '/usr/sbin'].filter(Boolean),
    environment: env,
    basicEnvironment: pick(env, ['PATH', 'HOME', 'TMPDIR', 'NODE_ENV', 'LOG_LEVEL']),
    mysqld: env['MYSQLD'],
    temporalCli: env['TEMPORAL_CLI'],
    ports: {
      api: port(env, 'API_PORT'),
      temporal: port(env, 'TEMPORAL_PORT'),
      temporalUi: port(env, 'TEMPORAL_UI_PORT'),
      mysql: port(env, 'MYSQL_PORT'),
    },
  };
}

function pick(env: NodeJS.ProcessEnv, names: string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.flatMap((name) => (name in env ? [[name, env[name]]] : [])));
}

function port(env: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535) {
    throw new Error(`${name} must be a port from 1 to 65535, not "${text}".`);
  }
  return value;
}

import { participants, type Service, services } from '../../contracts/participants';
import { lockSettingOf, settingOf } from '../../workers/wiring/config';
import { databaseNames } from './stack-file';

/**
 * The system's own processes, and what each is told: exactly the secrets that it may have, for what
 * one service's worker cannot name, it cannot touch. The stack of `npm start` runs them, and so does
 * docker-compose.yml.
 */
export interface Part {
  name: string;
  /** In workers/. */
  file: string;
  own: Record<string, string>;
}

/** What differs from one way of running them to another. */
export interface Surroundings {
  /** `mysql://…` of one of the service's database users. */
  urlOf: (service: Service, user: string) => string;
  separateDatabases: boolean;
  /** Makes the ids of XA branches. */
  xa: { secret: string; installation: string };
  /** Where the API listens, whom it trusts, and what it shows. */
  api: Record<string, string>;
}

export const apiProcess = 'api';
/** Without it no order goes on; in placement `local` the API's process is this one too. */
export const workflowProcess = 'workflow-worker';

/** A process for each service, in the order in which they are begun. */
export function separateParts(around: Surroundings): Part[] {
  const { urlOf, separateDatabases } = around;
  const part = (name: string, own: Part['own']): Part => ({ name, file: name, own });
  return [
    part('order-worker', { [settingOf('order', 'DATABASE_URL')]: urlOf('order', 'order_worker') }),
    ...participants.map(({ name }): Part => {
      const DATABASE_URL = urlOf(name, `${name}_worker`);
      const RECOVERY_URL = urlOf(name, `${name}_recovery`);
      const own = { PARTICIPANT: name, DATABASE_URL, RECOVERY_URL, ...xaSettings(around) };
      return { name: `${name}-worker`, file: 'participant-worker', own };
    }),
    ...(separateDatabases ? [] : [part('lock-worker', lockSettings(around))]),
    part(workflowProcess, {}),
    part(apiProcess, apiSettings(around)),
  ];
}

/** One process that does it all, and therefore holds every secret that others hold apart. */
export function localPart(around: Surroundings): Part {
  const { urlOf, separateDatabases } = around;
  const own = {
    ...apiSettings(around),
    ...fromEach(services, (name) => [
      settingOf(name, 'WORKER_DATABASE_URL'),
      urlOf(name, `${name}_worker`),
    ]),
    ...(!separateDatabases && lockSettings(around)),
    ...fromEach(participants, ({ name }) => [
      settingOf(name, 'RECOVERY_URL'),
      urlOf(name, `${name}_recovery`),
    ]),
    ...xaSettings(around),
  };
  return { name: apiProcess, file: 'local', own };
}

/** What ends XA branches has to know, and nobody else. */
export function xaSettings({ xa }: Pick<Surroundings, 'xa'>): Part['own'] {
  return { XA_SECRET: xa.secret, XA_INSTALLATION: xa.installation };
}

/** One connection that reaches all databases: only where one server holds them. */
function lockSettings({ urlOf }: Surroundings): Part['own'] {
  return {
    LOCK_DATABASE_URL: urlOf('order', 'lock_worker'),
    ...fromEach(participants, ({ name }) => [lockSettingOf(name), databaseNames[name]]),
  };
}

function apiSettings({ urlOf, separateDatabases, api }: Surroundings): Part['own'] {
  return {
    [settingOf('order', 'DATABASE_URL')]: urlOf('order', 'order_api'),
    ...fromEach(participants, ({ name }) => [
      settingOf(name, 'DATABASE_URL'),
      urlOf(name, `${name}_reader`),
    ]),
    DATABASE_SERVERS: separateDatabases ? 'separate' : 'one',
    ...api,
  };
}

function fromEach<T>(all: readonly T[], pair: (one: T) => [string, string]): Part['own'] {
  return Object.fromEntries(all.map(pair));
}

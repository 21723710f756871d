import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { byService, type Service, services } from '../../contracts/participants';
import { join } from 'node:path';
import { openDatabase } from '../../activities/database/connection';
import { migrationSource } from '../../migrations';
import { prepareDatabase } from '../../migrations/prepare';
import { seedDatabase } from '../../migrations/seed';
import { readConfig } from '../../workers/wiring/config';
import { endBranchesBeforeMigrating, type OwnBranches } from '../../workers/wiring/own-branches';
import { mysqlAdmin } from './mysql';
import { databaseNames, type StackFile } from './stack-file';
import { databaseUrl } from './state';

/**
 * Creates, migrates and seeds the services' databases, and lets their users in; safe to repeat. Only
 * for the holder of the stack's lock, for it takes over a migration that was killed, and ends the
 * branches that a migration would wait for.
 *
 * @param dataFolder notes which databases have been made completely. One that was not is dropped
 *   first: MySQL does not roll back a table's creation, and nobody can have used it.
 */
export async function prepareDatabases(
  stack: StackFile,
  dataFolder: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<void> {
  const made = services.some((service) => existsSync(madeFile(dataFolder, service)));
  if (made && !(await databasesAreCurrent(dataFolder))) {
    const { SCAN_CANCEL_AFTER_MS } = readConfig(['SCAN_CANCEL_AFTER_MS'], environment);
    await endBranchesBeforeMigrating(ownBranchesOf(stack), SCAN_CANCEL_AFTER_MS);
  }
  await Promise.all(services.map((service) => prepareOne(stack, service, dataFolder)));
}

/** What it takes to end the branches that the stack's processes have left prepared. */
export function ownBranchesOf(stack: StackFile): OwnBranches {
  return { urls: byService((service) => databaseUrl(stack, service, mysqlAdmin)), ...stack.xa };
}

/**
 * Whether every database was made by the migrations that there are now: then there is nothing to
 * wait for but the server.
 */
export async function databasesAreCurrent(dataFolder: string): Promise<boolean> {
  for (const service of services) {
    const made = madeFile(dataFolder, service);
    if (!existsSync(made)) return false;
    if (readFileSync(made, 'utf8') !== (await migrationNames(service))) return false;
  }
  return true;
}

async function prepareOne(stack: StackFile, service: Service, dataFolder: string): Promise<void> {
  const database = databaseNames[service];
  const url = databaseUrl(stack, service, mysqlAdmin);
  const admin = openDatabase({ url: url.replace(`/${database}`, '/'), poolMax: 1 });
  const schema = openDatabase({ url, poolMax: 2 });
  const made = madeFile(dataFolder, service);
  try {
    if (!existsSync(made)) await admin.raw('DROP DATABASE IF EXISTS ??', [database]);
    else
      await schema.migrate.forceFreeMigrationsLock({ migrationSource: migrationSource(service) });
    await prepareDatabase({ admin, schema, service, database, passwords: stack.userPasswords });
    await seedDatabase(service, schema);
    writeFileSync(made, await migrationNames(service));
  } finally {
    await Promise.all([admin.destroy(), schema.destroy()]);
  }
}

function madeFile(dataFolder: string, service: Service): string {
  return join(dataFolder, `${databaseNames[service]}.made`);
}

async function migrationNames(service: Service): Promise<string> {
  return (await migrationSource(service).getMigrations([])).join('\n');
}

import { openDatabase } from '../activities/database/connection';
import { byService, type Service, services } from '../contracts/participants';
import { isBehind, prepareDatabase } from '../migrations/prepare';
import { seedDatabase } from '../migrations/seed';
import { readConfig, settingOf, settingsOfServices } from './wiring/config';
import { createLogger } from './wiring/logging';
import { endBranchesBeforeMigrating } from './wiring/own-branches';

/**
 * Migrates the services' databases and exits. In a deployment, a container runs it before the
 * others start. `npm start` does the same itself.
 */
async function main(): Promise<void> {
  const config = readConfig([
    ...settingsOfServices('ADMIN_URL'),
    'DATABASE_PASSWORDS',
    'XA_SECRET',
    'XA_INSTALLATION',
    'SCAN_CANCEL_AFTER_MS',
    'LOG_LEVEL',
  ]);
  const logger = createLogger('migrate', config.LOG_LEVEL);
  const urls = byService((service) => config[settingOf(service, 'ADMIN_URL')]);
  const opened = services.map((service) => open(service, urls[service]));
  try {
    // Only a migration has to wait for prepared branches; otherwise the scanner ends them.
    const behind = await Promise.all(opened.map((one) => isBehind(one)));
    if (behind.some(Boolean)) {
      const { XA_SECRET: secret, XA_INSTALLATION: installation } = config;
      await endBranchesBeforeMigrating({ urls, secret, installation }, config.SCAN_CANCEL_AFTER_MS);
    }
    for (const one of opened) {
      await prepareDatabase({ ...one, passwords: config.DATABASE_PASSWORDS });
      await seedDatabase(one.service, one.schema);
      logger.info({ service: one.service, database: one.database }, 'is up to date');
    }
  } finally {
    await Promise.all(opened.flatMap(({ schema, admin }) => [schema.destroy(), admin.destroy()]));
  }
}

function open(service: Service, schemaUrl: string) {
  const url = new URL(schemaUrl);
  const database = url.pathname.slice(1);
  const schema = openDatabase({ url: url.href, poolMax: 2 });
  url.pathname = '/';
  return { service, database, schema, admin: openDatabase({ url: url.href, poolMax: 1 }) };
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

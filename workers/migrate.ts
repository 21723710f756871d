import { openDatabase } from '../activities/transaction/connection';
import { services } from '../contracts/order';
import { prepareDatabase } from '../migrations/prepare';
import { seedPoints, seedProducts } from '../migrations/seed';
import { readConfig } from './config';
import { createLogger } from './logging';

/**
 * Brings the three databases up to date and ends: for deployments, where a container runs it
 * before the others start. `npm start` does the same by itself.
 */
async function main(): Promise<void> {
  const config = readConfig([
    'ORDER_ADMIN_URL',
    'PRODUCT_ADMIN_URL',
    'POINT_ADMIN_URL',
    'DATABASE_PASSWORDS',
    'LOG_LEVEL',
  ]);
  const logger = createLogger('migrate', config.LOG_LEVEL);
  const urls = {
    order: config.ORDER_ADMIN_URL,
    product: config.PRODUCT_ADMIN_URL,
    point: config.POINT_ADMIN_URL,
  };
  for (const service of services) {
    const url = new URL(urls[service]);
    const database = url.pathname.slice(1);
    const schema = openDatabase({ url: url.href, poolMax: 2 });
    url.pathname = '/';
    const admin = openDatabase({ url: url.href, poolMax: 1 });
    try {
      const passwords = config.DATABASE_PASSWORDS;
      await prepareDatabase({ admin, schema, service, database, passwords });
      if (service === 'product') await seedProducts(schema);
      if (service === 'point') await seedPoints(schema);
      logger.info({ service, database }, 'is up to date');
    } finally {
      await schema.destroy();
      await admin.destroy();
    }
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

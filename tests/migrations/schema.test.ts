import { readFileSync } from 'node:fs';
import { services } from '../../contracts/participants';
import { join } from 'node:path';
import { migrationSource } from '../../migrations';
import { dumpSchema } from '../../migrations/dump';
import { createTestDatabases, type TestDatabases } from '../support/databases';

let databases: TestDatabases;

beforeAll(async () => {
  databases = await createTestDatabases();
});

afterAll(() => databases.drop());

it.each(services)('the %s schema matches the one in migrations/schema', async (service) => {
  const file = join(__dirname, '..', '..', 'migrations', 'schema', `${service}.sql`);
  // If this fails after a new migration: `npm start`, then `npm run schema`, and commit.
  expect(await dumpSchema(databases[service])).toBe(readFileSync(file, 'utf8'));
});

it.each(services)('the %s migrations can be undone and repeated', async (service) => {
  const source = { migrationSource: migrationSource(service) };
  const before = await dumpSchema(databases[service]);
  await databases[service].migrate.rollback(source, true);
  expect(await dumpSchema(databases[service])).toBe('');
  await databases[service].migrate.latest(source);
  expect(await dumpSchema(databases[service])).toBe(before);
});

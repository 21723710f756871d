import { orderTerms } from '../../contracts/order';
import { participantOf, services, type Service } from '../../contracts/participants';
import { orderTables, participantTables } from '../../activities/database/tables';
import { rowsOf } from '../../activities/database/rows';
import { createTestDatabases, type TestDatabases } from '../support/databases';

/** The columns that the types of rows are derived from must be those that the migrations create. */

let databases: TestDatabases;

beforeAll(async () => {
  databases = await createTestDatabases();
});

afterAll(() => databases.drop());

/** Each term of an order is a column as well. */
const terms = orderTerms.map((name) => [name, { type: 'varchar', nullable: true }] as const);

function declaredOf(service: Service) {
  if (service !== 'order') return participantTables(participantOf(service).books);
  return { ...orderTables, orders: { ...orderTables.orders, ...Object.fromEntries(terms) } };
}

it.each(services)('the %s tables have the declared columns and no others', async (service) => {
  const columns = await rowsOf<{ name: string; column: string; type: string; nullable: number }>(
    databases[service],
    `SELECT table_name name, column_name \`column\`, data_type type, is_nullable = 'YES' nullable
     FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name NOT LIKE 'knex%'`,
  );
  const found: Record<string, Record<string, unknown>> = {};
  for (const { name, column, type, nullable } of columns) {
    (found[name] ??= {})[column] = { type, nullable: nullable === 1 };
  }
  expect(found).toEqual(declaredOf(service));
});

import type { Knex } from 'knex';
import { rowsOf } from '../activities/database/rows';

/** The schema as the server reports it, for reviewers and for a check. */
export async function dumpSchema(knex: Knex): Promise<string> {
  const tables = await rowsOf<{ name: string }>(
    knex,
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_name NOT LIKE 'knex%' ORDER BY table_name`,
  );
  const statements: string[] = [];
  for (const { name } of tables) {
    const rows = await rowsOf<{ 'Create Table': string }>(knex, 'SHOW CREATE TABLE ??', [name]);
    const statement = rows[0]?.['Create Table'] ?? '';
    statements.push(`${statement.replace(/ AUTO_INCREMENT=\d+/, '')};\n`);
  }
  return statements.join('\n');
}

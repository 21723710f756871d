import type { Knex } from 'knex';

/** The schema as the server sees it: what a reviewer reads, and what a check compares. */
export async function dumpSchema(knex: Knex): Promise<string> {
  const [tables] = (await knex.raw(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_name NOT LIKE 'knex%' ORDER BY table_name`,
  )) as [{ name: string }[]];
  const statements: string[] = [];
  for (const { name } of tables) {
    const [rows] = (await knex.raw('SHOW CREATE TABLE ??', [name])) as [
      { 'Create Table': string }[],
    ];
    const statement = rows[0]?.['Create Table'] ?? '';
    statements.push(`${statement.replace(/ AUTO_INCREMENT=\d+/, '')};\n`);
  }
  return statements.join('\n');
}

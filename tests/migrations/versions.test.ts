import type { Knex } from 'knex';
import { prepareDatabase } from '../../migrations/prepare';

/** Which servers are refused, before anything is created on them. */

/** A fake server of this version that records its statements. */
function serverOf(version: string) {
  const asked: string[] = [];
  const raw = (statement: string) => {
    asked.push(statement);
    if (asked.length > 1) return Promise.reject(new Error('it was accepted'));
    return Promise.resolve([[{ version }]]);
  };
  const knex = { raw } as unknown as Knex;
  const prepared = prepareDatabase({
    admin: knex,
    schema: knex,
    service: 'product',
    database: 'product',
    passwords: {},
  });
  return { asked, prepared };
}

it.each([
  '10.11.14-MariaDB-0+deb12u2',
  '11.8.3-MariaDB',
  '5.5.5-10.6.22-MariaDB-log',
  '12.0.2-mariadb-enterprise',
  '8.0.28',
  '8.0.28-log',
  '8.0.4-rc-log',
  '5.7.44',
  '',
  'unknown',
])('refuses %p, and names the version that it needs', async (version) => {
  const { asked, prepared } = serverOf(version);
  await expect(prepared).rejects.toThrow(
    `The database server is ${version}; this system needs MySQL 8.0.29 or newer. ` +
      'MariaDB acknowledges XA commits that it has not made, so it is refused.',
  );
  expect(asked).toEqual(['SELECT VERSION() AS version']);
});

it.each(['8.0.29', '8.0.43-0ubuntu0.24.04.1', '8.0.43-34', '8.4.0', '8.4.6-log', '9.7.0'])(
  'accepts %p',
  async (version) => {
    const { asked, prepared } = serverOf(version);
    await expect(prepared).rejects.toThrow('it was accepted');
    expect(asked[1]).toContain('information_schema.schemata');
  },
);

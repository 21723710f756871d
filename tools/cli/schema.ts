import { writeFileSync } from 'node:fs';
import { services } from '../../contracts/participants';
import { join } from 'node:path';
import { Command } from 'commander';
import { openDatabase } from '../../activities/database/connection';
import { dumpSchema } from '../../migrations/dump';
import { runScript } from '../stack/entry';
import { cloneFolder } from '../stack/settings';
import { runningStack } from '../stack/state';

/** `npm run schema`: writes migrations/schema/*.sql from this clone's running stack. */
async function main(): Promise<number> {
  new Command('npm run schema --')
    .description('Writes migrations/schema from the databases of the running stack.')
    .parse();
  const stack = runningStack();
  for (const service of services) {
    const knex = openDatabase({ url: stack.databases[service].adminUrl, poolMax: 1 });
    try {
      const file = join(cloneFolder, 'migrations', 'schema', `${service}.sql`);
      writeFileSync(file, await dumpSchema(knex));
      process.stdout.write(`${file}\n`);
    } finally {
      await knex.destroy();
    }
  }
  return 0;
}

runScript(main);

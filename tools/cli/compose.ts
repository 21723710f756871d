import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { composeFile } from '../stack/compose';
import { runScript } from '../stack/entry';
import { cloneFolder } from '../stack/settings';

/** `npm run compose`: writes docker-compose.yml. */
function main(): Promise<number> {
  new Command('npm run compose --')
    .description('Writes docker-compose.yml: the stack of `npm start` as containers.')
    .parse();
  const file = join(cloneFolder, 'docker-compose.yml');
  writeFileSync(file, composeFile());
  process.stdout.write(`${file}\n`);
  return Promise.resolve(0);
}

runScript(main);

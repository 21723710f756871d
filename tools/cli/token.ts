import { Command, Option } from 'commander';
import { runScript } from '../stack/entry';
import { readSettings } from '../stack/settings';
import { readStackFile } from '../stack/stack-file';
import { describeStack, NoStackError } from '../stack/state';
import { mintToken, staffRoles, type StaffRole } from '../stack/token';

/** Prints a token for the API of this clone's stack, good for 12 hours. */
async function main(): Promise<number> {
  const command = new Command('npm run -s token --')
    .description("Prints a token for the API of this clone's stack, good for 12 hours.")
    .option('--customer <id>', 'a customer, c-00001 to c-10000')
    .addOption(new Option('--role <role>', 'a member of staff').choices(staffRoles))
    .parse();
  const { customer, role } = command.opts<{ customer?: string; role?: StaffRole }>();
  const file = readStackFile(readSettings().localFolder);
  if (!file) {
    throw new NoStackError('This clone has no stack yet to sign for: start it with `npm start`.');
  }
  if ((customer === undefined) === (role === undefined)) {
    throw new Error('Say whom the token is for: either --customer c-00001, or --role operator.');
  }
  const subject = role === undefined ? { customerId: customer ?? '' } : { role };
  process.stdout.write(`${await mintToken(describeStack(file), subject)}\n`);
  return 0;
}

runScript(main);

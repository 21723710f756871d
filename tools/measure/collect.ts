import { say } from '../stack/entry';

/** Tells each row as it comes: a line of JSON, or a line for a reader. */
export async function collect<R>(
  rows: AsyncGenerator<R>,
  { json }: { json?: true },
  describe: (row: R) => string,
): Promise<R[]> {
  const all: R[] = [];
  for await (const row of rows) {
    all.push(row);
    if (json) process.stdout.write(`${JSON.stringify(row)}\n`);
    else say(describe(row));
  }
  return all;
}

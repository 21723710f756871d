/** What a reader may miss goes to stderr; stdout is a program's to read. */
export function say(what: string): void {
  process.stderr.write(`${what}\n`);
}

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

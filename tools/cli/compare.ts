import { runScript } from '../stack/entry';
import { compare } from '../measure/compare/compare';
import { readOptions } from '../measure/compare/options';
import { writePage } from '../measure/compare/page';
import type { Row } from '../measure/compare/row';
import { complaintsAbout, tableOf } from '../measure/compare/table';

async function main(): Promise<number> {
  const options = readOptions();
  const rows: Row[] = [];
  for await (const row of compare(options, say)) {
    rows.push(row);
    if (options.json) process.stdout.write(`${JSON.stringify(row)}\n`);
    else say(describe(row));
  }
  if (!options.json) process.stdout.write(tableOf(rows));
  if (options.write) for (const file of await writePage(rows)) say(`wrote ${file}`);
  const complaints = rows.flatMap(complaintsAbout);
  for (const complaint of complaints) say(complaint);
  return complaints.length === 0 && rows.length > 0 ? 0 : 1;
}

/** What a reader may miss goes to stderr; stdout is a program's to read. */
function say(what: string): void {
  process.stderr.write(`${what}\n`);
}

function describe({ subject, scenario, ordersPerSecond, latencyMs, isolation, audit }: Row) {
  return (
    `${subject}, ${scenario}: ${ordersPerSecond} orders/s, p50 ${latencyMs.p50} ms, ` +
    `caught half done ${isolation.caught} of ${isolation.orders}, audit ${audit}`
  );
}

runScript(main);

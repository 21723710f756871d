import { runScript, say } from '../stack/entry';
import { collect } from '../measure/collect';
import { compareOptions } from '../measure/options';
import { writePage } from '../measure/page';
import type { WatchedRow } from '../measure/row';
import { startServers } from '../measure/servers';
import { listenable } from '../measure/statements';
import { compare } from '../measure/sweep';
import { compareTable, complaintsAbout } from '../measure/table';

async function main(): Promise<number> {
  const options = compareOptions();
  const servers = await startServers(say, listenable);
  try {
    const rows = await collect(compare(servers, options, say), options, describe);
    if (!options.json) process.stdout.write(compareTable(rows));
    if (options.write) say(`wrote ${await writePage(rows)}`);
    const complaints = rows.flatMap(complaintsAbout);
    for (const complaint of complaints) say(complaint);
    return complaints.length === 0 && rows.length > 0 ? 0 : 1;
  } finally {
    await servers.close();
  }
}

function describe({ subject, scenario, ordersPerSecond, latencyMs, isolation, audit }: WatchedRow) {
  return (
    `${subject}, ${scenario}: ${ordersPerSecond} orders/s, p50 ${latencyMs.p50} ms, ` +
    `caught half done ${isolation.caught} of ${isolation.orders}, audit ${audit}`
  );
}

runScript(main);

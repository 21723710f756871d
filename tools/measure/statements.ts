import type { Knex } from 'knex';
import { mysqlAdmin } from '../stack/mysql';
import type { Statement } from './locks';
import { repeatWhile } from './repeat';

const ringSize = 10_000;
const textBytesMax = 16_384;
const pollMs = 150;
/** A statement that ended just before a look may be shown only after it. */
const overlapMs = 100;

/** How a MySQL server must be started to be listened to; until then it costs next to nothing. */
export const listenable = {
  performanceSchema: true,
  moreArgs: [
    '--performance-schema-instrument=%=OFF',
    `--performance-schema-max-sql-text-length=${textBytesMax}`,
    `--performance-schema-events-statements-history-long-size=${ringSize}`,
    '--performance-schema-events-statements-history-size=1',
    '--performance-schema-max-statement-stack=2',
    '--performance-schema-max-digest-length=0',
  ],
};

/** Those who measure are not listened to. */
const unheard = [mysqlAdmin, 'auditor'];

/** To be called once, before the processes that are to be listened to connect. */
export async function prepareListening(mysql: Knex): Promise<void> {
  for (const user of unheard) {
    await mysql.raw(
      `INSERT INTO performance_schema.setup_actors VALUES ('%', ?, '%', 'NO', 'NO')`,
      [user],
    );
    await mysql.raw(
      `UPDATE performance_schema.threads SET instrumented = 'NO' WHERE processlist_user = ?`,
      [user],
    );
  }
  await mysql.raw(
    `UPDATE performance_schema.setup_consumers SET enabled = 'YES'
     WHERE name IN ('events_statements_current', 'events_statements_history_long')`,
  );
}

/** What was heard. */
export interface Heard {
  statements: Statement[];
  /** Statements that the server had forgotten before they were read. */
  lost: number;
}

interface Row {
  thread: number;
  event: number;
  verb: string;
  text: string | null;
  startUs: number;
  endUs: number;
  waitedUs: number;
  errors: number;
}

/**
 * Listens to every statement on the server, but our own, while some work is done. The server keeps
 * the latest ones in a ring, which is read again and again.
 */
export async function listenWhile<T>(
  mysql: Knex,
  work: () => Promise<T>,
): Promise<Heard & { result: T }> {
  const rows = new Map<string, Row>();
  let lastUs = 0;
  const look = async () => {
    for (const row of await readRing(mysql, lastUs - overlapMs * 1_000)) {
      rows.set(`${row.thread} ${row.event}`, row);
      lastUs = Math.max(lastUs, row.endUs);
    }
  };
  await mysql.raw('TRUNCATE TABLE performance_schema.events_statements_history_long');
  await hear(mysql, 'YES');
  try {
    const result = await repeatWhile(look, pollMs, work);
    await look();
    const all = [...rows.values()];
    return { result, statements: all.map(statementOf), lost: gaps(all) };
  } finally {
    await hear(mysql, 'NO');
  }
}

async function readRing(mysql: Knex, fromUs: number): Promise<Row[]> {
  const [found] = (await mysql.raw(
    `SELECT thread_id AS thread, event_id AS event, SUBSTRING(event_name, 15) AS verb,
            sql_text AS text, timer_start DIV 1000000 AS startUs,
            timer_end DIV 1000000 AS endUs, lock_time DIV 1000000 AS waitedUs, errors
     FROM performance_schema.events_statements_history_long
     WHERE timer_end >= ? * 1000000`,
    [Math.max(0, fromUs)],
  )) as [Row[]];
  return found;
}

/** Only statements are instrumented, so that a connection's events are numbered without gaps. */
async function hear(mysql: Knex, enabled: 'YES' | 'NO'): Promise<void> {
  await mysql.raw(
    `UPDATE performance_schema.setup_instruments SET enabled = ?, timed = ?
     WHERE name LIKE 'statement/sql/%' OR name LIKE 'statement/abstract/%'`,
    [enabled, enabled],
  );
}

function statementOf({ thread, verb, text, startUs, endUs, waitedUs, errors }: Row): Statement {
  return {
    thread,
    verb,
    text: text ?? '',
    startMs: startUs / 1_000,
    endMs: endUs / 1_000,
    waitedMs: waitedUs / 1_000,
    failed: errors > 0,
  };
}

function gaps(rows: readonly Row[]): number {
  const seen = new Map<number, { first: number; last: number; count: number }>();
  for (const { thread, event } of rows) {
    const { first, last, count } = seen.get(thread) ?? { first: event, last: event, count: 0 };
    seen.set(thread, {
      first: Math.min(first, event),
      last: Math.max(last, event),
      count: count + 1,
    });
  }
  return [...seen.values()].reduce((sum, t) => sum + t.last - t.first + 1 - t.count, 0);
}

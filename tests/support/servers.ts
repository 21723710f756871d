/**
 * The private servers that the whole test run shares, as tests/support/global-setup.ts published
 * them: one MySQL, one Temporal in memory, and the program of the time-skipping server.
 */
export interface TestMysql {
  host: string;
  port: number;
  user: string;
  password: string;
}

export interface TestTemporal {
  /** `host:port` */
  address: string;
  namespace: string;
}

/** The run's MySQL server and its administrator. Each test file creates its own databases. */
export function mysqlServer(): TestMysql {
  return JSON.parse(published('TEST_MYSQL')) as TestMysql;
}

/** The run's Temporal server. Each test file uses its own task queues and workflow ids. */
export function temporalServer(): TestTemporal {
  return JSON.parse(published('TEST_TEMPORAL')) as TestTemporal;
}

/** The folder that names the databases which a test file has left for the next. */
export function freeDatabases(): string {
  return published('TEST_FREE_DATABASES');
}

/** The path of the time-skipping server's program, for `createTimeSkipping`'s `existing-path`. */
export function timeSkippingServer(): string {
  return published('TEST_TIME_SKIPPING_SERVER');
}

function published(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: jest's globalSetup did not run.`);
  return value;
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../../tools/stack/bound-process';
import { readSettings } from '../../tools/stack/settings';
import type { Death, ProcessSpec, RestartTiming } from '../../tools/stack/supervised-process';
import { StoppedError, Supervisor } from '../../tools/stack/supervisor';

const timing: RestartTiming = {
  firstDelayMs: 10,
  delayMsMax: 40,
  forgottenAfterMs: 400,
  probeEveryMs: 10,
};
const limits = { msMax: 10_000, deathsMax: 100 };

/** Reports that it is ready, and lives until its signal to end. */
const obedient = `process.send('ready'); setInterval(() => {}, 1000);`;

let folder: string;
let deaths: Death[];
let supervisor: Supervisor;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'order-supervisor-'));
  deaths = [];
  supervisor = new Supervisor(
    { changed: () => undefined, died: (death) => deaths.push(death) },
    timing,
  );
});

afterEach(async () => {
  supervisor.kill();
  await until(() => supervisor.records.every(({ state }) => state !== 'stopping'));
  rmSync(folder, { recursive: true });
});

function child(name: string, code: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  return {
    name,
    command: () => ({
      program: process.execPath,
      args: ['-e', code],
      cwd: folder,
      env: readSettings().basicEnvironment,
    }),
    logFile: join(folder, `${name}.log`),
    isReady: 'message',
    stopMsMax: 5_000,
    marker: folder,
    ...more,
  };
}

function pidOf(name: string): number {
  return supervisor.records.find((record) => record.name === name)?.pid ?? 0;
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('It did not come to hold in 10 s.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('a supervised process', () => {
  it('is ready once its message says so, and not before', async () => {
    const slow = `setTimeout(() => process.send('ready'), 300); setInterval(() => {}, 1000);`;
    const begun = Date.now();
    await supervisor.start([child('slow', slow)], limits);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(300);
    expect(supervisor.records).toMatchObject([{ name: 'slow', state: 'ready' }]);
  });

  it('is ready once a probe finds it, if it sends no message', async () => {
    let asked = 0;
    const isReady = () => Promise.resolve((asked += 1) === 3);
    await supervisor.start([child('server', 'setInterval(() => {}, 1000)', { isReady })], limits);
    expect(asked).toBe(3);
  });

  it('is restarted at once if it is killed, and its end is reported', async () => {
    const code = `console.log('my last words');${obedient}`;
    await supervisor.start([child('victim', code)], limits);
    const first = pidOf('victim');
    process.kill(first, 'SIGKILL');
    await until(() => supervisor.allReady && pidOf('victim') !== first);
    expect(deaths).toEqual([
      {
        name: 'victim',
        reason: 'SIGKILL',
        lastLogLine: 'my last words',
        restartInMs: timing.firstDelayMs,
        count: 1,
      },
    ]);
  });

  it('waits twice as long after each death in a row, up to a bound', async () => {
    const dying = child('dying', 'process.exit(3)');
    void supervisor.start([dying], limits).catch(() => undefined);
    await until(() => deaths.length >= 5);
    expect(deaths.slice(0, 5).map(({ restartInMs }) => restartInMs)).toEqual([10, 20, 40, 40, 40]);
    expect(deaths[0]?.reason).toBe('exit code 3');
  });

  it('starts its count of deaths anew once it has lived a while', async () => {
    const diesTwiceThenLives = `
      const fs = require('node:fs');
      fs.appendFileSync('starts', 'x');
      if (fs.readFileSync('starts', 'utf8').length < 3) process.exit(1);
      setTimeout(() => process.exit(1), ${String(timing.forgottenAfterMs)});`;
    const spec = child('moody', diesTwiceThenLives);
    void supervisor.start([spec], limits).catch(() => undefined);
    await until(() => deaths.length >= 3);
    expect(deaths.slice(0, 3).map(({ restartInMs }) => restartInMs)).toEqual([10, 20, 10]);
  });

  it('that cannot start counts as dying', async () => {
    const command = () => ({ program: join(folder, 'absent'), args: [], env: {} });
    const started = supervisor.start([child('absent', '', { command })], {
      ...limits,
      deathsMax: 2,
    });
    await expect(started).rejects.toThrow('absent keeps dying. Its log is');
  });
});

describe('a start', () => {
  it('is given up if a process keeps dying', async () => {
    const started = supervisor.start([child('dying', 'process.exit(1)')], {
      msMax: 10_000,
      deathsMax: 3,
    });
    await expect(started).rejects.toThrow('dying keeps dying. Its log is');
    expect(deaths.length).toBeGreaterThanOrEqual(3);
  });

  it('is given up if a process is not ready in time', async () => {
    const silent = child('silent', 'setInterval(() => {}, 1000)');
    const started = supervisor.start([silent], { msMax: 200, deathsMax: 3 });
    await expect(started).rejects.toThrow('silent is not ready');
  });

  it('is given up if the supervisor is closed', async () => {
    const silent = child('silent', 'setInterval(() => {}, 1000)');
    const started = supervisor.start([silent], limits);
    supervisor.close();
    await expect(started).rejects.toThrow(StoppedError);
    await expect(supervisor.start([silent], limits)).rejects.toThrow(StoppedError);
  });
});

describe('a stop', () => {
  const takesItsTime = (name: string) => `
    process.on('SIGTERM', () => setTimeout(() => {
      require('node:fs').appendFileSync('ends', '${name} ');
      process.exit(0);
    }, 100));
    ${obedient}`;

  it('ends the groups one after the other, and restarts none', async () => {
    const names = ['mysql', 'temporal', 'worker', 'api'];
    await supervisor.start(
      names.map((name) => child(name, takesItsTime(name))),
      limits,
    );
    const pids = supervisor.records.map(({ pid }) => pid ?? 0);
    await supervisor.stop([['api'], ['worker'], ['temporal'], ['mysql']]);
    expect(readFileSync(join(folder, 'ends'), 'utf8')).toBe('api worker temporal mysql ');
    expect(pids.filter(isAlive)).toEqual([]);
    expect(deaths).toEqual([]);
    expect(supervisor.records).toEqual([]);
  });

  it('kills a process that does not end in its time', async () => {
    const deaf = `process.on('SIGTERM', () => {}); ${obedient}`;
    await supervisor.start([child('deaf', deaf, { stopMsMax: 100 })], limits);
    const pid = pidOf('deaf');
    await supervisor.stop([['deaf']]);
    expect(isAlive(pid)).toBe(false);
  });

  it('ends a process that waits for its restart', async () => {
    void supervisor.start([child('dying', 'process.exit(1)')], limits).catch(() => undefined);
    await until(() => supervisor.records[0]?.state === 'waiting');
    await supervisor.stop([['dying']]);
    const { length } = deaths;
    await new Promise((resolve) => setTimeout(resolve, 3 * timing.delayMsMax));
    expect(deaths).toHaveLength(length);
  });
});

describe('a log', () => {
  it('that is too large is put aside at the next start', async () => {
    const log = join(folder, 'talker.log');
    writeFileSync(log, Buffer.alloc(21 * 1024 * 1024, 'x'));
    await supervisor.start([child('talker', `console.log('new');${obedient}`)], limits);
    await until(() => readFileSync(log, 'utf8') === 'new\n');
    expect(readFileSync(`${log}.1`)).toHaveLength(21 * 1024 * 1024);
  });
});

import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cloneFolder, readSettings } from '../../tools/stack/settings';
import { newStackFile, writeStackFile } from '../../tools/stack/stack-file';

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'order-commands-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Runs a script like npm, on an empty stack folder. */
function run(args: string[], clone = cloneFolder, more: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const env = { ...readSettings().basicEnvironment, LOCAL_DIR: folder, ...more };
  const child = spawn(process.execPath, [join(clone, 'tools', 'cli', 'run.mjs'), ...args], { env });
  const outcome: Outcome = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (text) => (outcome.stdout += String(text)));
  child.stderr.on('data', (text) => (outcome.stderr += String(text)));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ ...outcome, code });
    });
  });
}

describe('without a stack', () => {
  it('status reports that, as JSON of the usual form', async () => {
    const { code, stdout } = await run(['status', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      ready: false,
      urls: { api: null, console: null, docs: null, temporalUi: null, metrics: null },
      temporal: { address: null, namespace: null },
      processes: [],
      databases: { order: null, product: null, point: null },
      overdueRecovery: null,
    });
  });

  it.each([
    ['stop', ['stop'], 'No stack of this clone is running.'],
    ['token', ['token', '--role', 'viewer'], 'This clone has no stack yet'],
  ])('%s reports it with exit code 2', async (_, args, sentence) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(sentence);
  });

  it('reset removes the data and keeps the keys', async () => {
    writeStackFile(folder, newStackFile(false));
    mkdirSync(join(folder, 'data', 'mysql'), { recursive: true });
    const first = await run(['reset']);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain('Its data are removed');
    expect(existsSync(join(folder, 'data'))).toBe(false);
    expect((await run(['reset'])).stdout).toContain('has no data');
    expect((await run(['token', '--customer', 'c-00001'])).stdout).toMatch(/^ey.+\n$/);
  });

  it('start refuses to move data from one server to three', async () => {
    writeStackFile(folder, newStackFile(false));
    mkdirSync(join(folder, 'data', 'mysql'), { recursive: true });
    const { code, stdout } = await run(['start', '--separate-databases']);
    expect(code).toBe(1);
    expect(stdout).toContain('The data of this clone are on one MySQL server');
  });
});

describe('the tests', () => {
  it('fail if none ran, and say so on their last line', async () => {
    const { code, stdout } = await run(['test', 'no-such-test']);
    expect(code).toBe(1);
    expect(stdout).toBe('0 passed, 0 failed\n');
  });

  it('repeat the failures before their last line', async () => {
    const fails = "it('counts', () => { expect(1 + 1).toBe(3); });";
    writeFileSync(join(folder, 'fails.test.js'), fails);
    writeFileSync(join(folder, 'broken.test.js'), 'const;');
    writeFileSync(join(folder, 'passes.test.js'), "it('passes', () => {});");
    const { code, stdout } = await run(['test', '--config', '{}', '--rootDir', folder]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^What failed:\n/);
    expect(stdout).toContain('fails.test.js\n');
    expect(stdout).toContain('Expected: 3');
    expect(stdout).toContain('broken.test.js\n');
    expect(stdout).not.toContain('passes.test.js');
    expect(stdout).toMatch(/\n1 passed, 2 failed\n$/);
  });
});

describe('a script', () => {
  /** A clone with only one script, and a fake npm that records its calls. */
  function makeClone(): NodeJS.ProcessEnv {
    const lock = { packages: { '': {}, 'node_modules/tsx': { version: '1', integrity: 'x' } } };
    const fakeNpm = `
      const fs = require('node:fs');
      console.log('npm', process.argv.slice(2).join(' '));
      fs.mkdirSync('node_modules', { recursive: true });
      fs.rmSync('node_modules/tsx', { force: true });
      fs.symlinkSync(${JSON.stringify(join(cloneFolder, 'node_modules', 'tsx'))}, 'node_modules/tsx');
      fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');`;
    mkdirSync(join(folder, 'tools', 'cli'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"engines":{"node":">=20.19"}}');
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
    writeFileSync(join(folder, 'npm.cjs'), fakeNpm);
    writeFileSync(
      join(folder, 'tools', 'cli', 'hello.ts'),
      'const who: string = process.argv[2] ?? ""; console.log(`hello ${who}`);',
    );
    for (const file of ['cli/run.mjs', 'stack/typescript.cjs']) {
      cpSync(join(cloneFolder, 'tools', file), join(folder, 'tools', file));
    }
    return { npm_execpath: join(folder, 'npm.cjs') };
  }

  it('installs missing dependencies once, and reports it only on stderr', async () => {
    const env = makeClone();
    const first = await run(['hello', 'you'], folder, env);
    expect(first).toMatchObject({ code: 0, stdout: 'hello you\n' });
    expect(first.stderr).toContain('npm ci --include=dev');
    expect(await run(['hello'], folder, env)).toEqual({ code: 0, stdout: 'hello \n', stderr: '' });
  });

  it('installs again if the lock file has changed', async () => {
    const env = makeClone();
    await run(['hello'], folder, env);
    const lock = { packages: { '': {}, 'node_modules/tsx': { version: '2', integrity: 'y' } } };
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
    expect((await run(['hello'], folder, env)).stderr).toContain('npm ci --include=dev');
  });

  it('that does not exist is refused with a list of those that do', async () => {
    makeClone();
    const { code, stderr } = await run(['hallo'], folder);
    expect(code).toBe(1);
    expect(stderr).toBe('There is no script named "hallo"; there are: hello.\n');
  });
});

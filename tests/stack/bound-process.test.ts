import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { endProcess, goneWithin, isAlive } from '../../tools/stack/bound-process';
import { lastLines, runCommand } from '../../tools/stack/command';
import { findProgram } from '../../tools/stack/programs';
import { readSettings } from '../../tools/stack/settings';

const module_ = join(__dirname, '..', '..', 'tools', 'stack', 'bound-process.ts');
const env = readSettings().basicEnvironment;
const whenMissing = 'Install it.';

/** Starts a child bound to itself, prints its process id, and stays. */
const parentCode = `
  const { spawnBound } = require(${JSON.stringify(module_)});
  const sleep = { program: '/bin/sleep', args: ['1000'], env: {} };
  console.log(spawnBound(sleep, 'ignore', 'own').pid);
  setInterval(() => {}, 1000);`;

describe('a bound child', () => {
  /** Without it a child outlives a killed parent, and the next start ends the child. */
  const bound = findProgram('setpriv', ['/usr/bin', '/bin']) !== undefined;

  it('dies with its parent, even if that is killed, where setpriv exists', async () => {
    const parent = spawn(process.execPath, ['--require', 'tsx/cjs', '-e', parentCode]);
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(output.toString());
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    expect(await goneWithin(pid, bound ? 5_000 : 200)).toBe(bound);
    if (!bound) process.kill(pid, 'SIGKILL');
  });

  it('is gone after its end, even if it ignores the signal', async () => {
    const deaf = spawn('sh', ['-c', 'trap "" TERM; echo deaf; while :; do sleep 0.05; done']);
    await once(deaf.stdout, 'data');
    const ended = once(deaf, 'exit');
    await endProcess(deaf.pid ?? 0, 100);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });
});

describe('a command', () => {
  it('returns its output, and reports it line by line', async () => {
    const lines: string[] = [];
    const onLine = (line: string) => lines.push(line);
    const output = await runCommand('printf', ['a\\nb\\nc'], { whenMissing, env, onLine });
    expect(output).toBe('a\nb\nc');
    expect(lines).toEqual(['a', 'b']);
  });

  it('that fails is reported with the end of its output', async () => {
    const failing = runCommand('sh', ['-c', 'echo why >&2; exit 3'], { whenMissing, env });
    await expect(failing).rejects.toThrow('sh ended with 3: why');
  });

  it('that does not exist is reported with advice', async () => {
    const absent = runCommand('no-such-program', [], { whenMissing, env });
    await expect(absent).rejects.toThrow(whenMissing);
  });

  it('shows its last lines', () => {
    expect(lastLines('1\n2\n3\n', 2)).toBe('2\n3');
  });
});

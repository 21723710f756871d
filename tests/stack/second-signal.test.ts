import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '../../tools/stack/settings';

/** After repeated Ctrl-C and a closed terminal the stack still ends in order. */

const clone = join(__dirname, '..', '..');

it('a later signal kills no process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'order-stack-'));
  const starter = spawn(process.execPath, ['tools/cli/run.mjs', 'start'], {
    cwd: clone,
    env: { ...readSettings().environment, LOCAL_DIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const says = (words: string) =>
    new Promise<void>((resolve) => {
      starter.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes(words)) resolve();
      });
    });
  const exited = once(starter, 'exit');
  await says('MySQL and Temporal are here');
  await says('Temporal answers');
  starter.kill('SIGINT');
  await says('Stopping');
  const again = setInterval(() => {
    starter.kill('SIGINT');
    starter.kill('SIGHUP');
  }, 600);
  expect(await exited).toEqual([0, null]);
  clearInterval(again);
  expect(output).toContain('Everything is stopped; the data are kept.');
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

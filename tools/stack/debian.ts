import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from './cache';
import { runCommand } from './command';
import type { StackSettings } from './settings';

/** A package of Debian unstable, to be unpacked with all that it needs and never installed. */
export interface DebianPackage {
  /** What a person calls it. */
  what: string;
  name: string;
  /** What to do on a machine that is no Debian, or lacks its tools; the end of a sentence. */
  elsewhere: string;
  /** Receives `root/`, the unpacked files of the package and of everything it depends on. */
  folder: string;
  settings: StackSettings;
  progress: Progress;
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Downloads a package with an apt of its own and unpacks it, without touching the system.
 *
 * @throws Error when this is no Debian, or when apt or dpkg is missing.
 */
export async function unpackDebianPackage(wanted: DebianPackage): Promise<void> {
  const { what, name, folder, settings, progress } = wanted;
  const { environment } = settings;
  const apt = join(folder, 'apt');
  await writeAptConfig(apt, await debianMirror(wanted));
  const env = { ...environment, APT_CONFIG: join(apt, 'apt.conf'), LC_ALL: 'C' };
  const whenMissing = missing(wanted, 'apt-get');
  progress({ what: "Reading Debian's package lists", fraction: 0 });
  await runCommand('apt-get', [...statusArgs, 'update'], {
    whenMissing,
    env,
    onLine: reportDownload("Reading Debian's package lists", progress),
  });
  progress({ what: "Reading Debian's package lists", fraction: 1 });
  const install = ['install', '-y', '--no-install-recommends', '--download-only'];
  await runCommand('apt-get', [...statusArgs, ...install, name], {
    whenMissing,
    env,
    onLine: reportDownload(`Downloading ${what}`, progress),
  });
  const archives = join(apt, 'archives');
  const packages = (await readdir(archives)).filter((file) => file.endsWith('.deb'));
  for (const [index, file] of packages.entries()) {
    progress({ what: `Unpacking ${what}`, fraction: index / packages.length });
    const args = ['-x', join(archives, file), join(folder, 'root')];
    await runCommand('dpkg', args, { whenMissing: missing(wanted, 'dpkg'), env });
  }
  await rm(apt, { recursive: true });
  progress({ what: `Unpacking ${what}`, fraction: 1 });
}

const statusArgs = ['-o', 'APT::Status-Fd=1', '-o', 'Dpkg::Use-Pty=0'];

/** apt's own account of its downloads: `dlstatus:<item>:<percent>:<text>`. */
function reportDownload(what: string, progress: Progress): (line: string) => void {
  return (line) => {
    const percent = /^dlstatus:\d+:([\d.]+):/.exec(line)?.[1];
    if (percent) progress({ what, fraction: Number(percent) / 100 });
  };
}

/** The mirror that this machine already uses, so that its proxies and rules hold. */
async function debianMirror(wanted: DebianPackage): Promise<string> {
  const env = wanted.settings.environment;
  const args = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'];
  const output = await runCommand('apt-get', args, {
    whenMissing: missing(wanted, 'apt-get'),
    env,
  });
  const mirror = output.split('\n').find((uri) => /\/debian\/?$/.test(uri));
  if (mirror && existsSync(keyring)) return mirror;
  throw new Error(
    `${wanted.what} was not found, and this machine's package sources are not Debian's: ` +
      `${wanted.elsewhere}.`,
  );
}

/** A whole apt of its own: lists, status and archives apart from the machine's. */
async function writeAptConfig(apt: string, mirror: string): Promise<void> {
  for (const folder of ['lists/partial', 'archives/partial', 'prefs']) {
    await mkdir(join(apt, folder), { recursive: true });
  }
  // Nothing counts as installed, so that every library comes along, the C library included.
  await writeFile(join(apt, 'status'), '');
  await writeFile(join(apt, 'sources.list'), `deb [signed-by=${keyring}] ${mirror} sid main\n`);
  const entries: Record<string, string> = {
    'Dir::Etc::sourcelist': join(apt, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': join(apt, 'prefs'),
    'Dir::State': apt,
    'Dir::State::lists': join(apt, 'lists'),
    'Dir::State::status': join(apt, 'status'),
    'Dir::Cache': apt,
    'Dir::Cache::archives': join(apt, 'archives'),
    'Acquire::Languages': 'none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
  };
  const lines = Object.entries(entries).map(([key, value]) => `${key} "${value}";\n`);
  await writeFile(join(apt, 'apt.conf'), lines.join(''));
}

function missing({ what, elsewhere }: DebianPackage, tool: string): string {
  return `${what} was not found, and ${tool}, which would unpack it, is missing: ${elsewhere}.`;
}

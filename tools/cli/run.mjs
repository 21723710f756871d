/**
 * Runs a command of this folder on a clone on which nothing is prepared: `node tools/cli/run.mjs
 * NAME …`. Plain Node, because it installs what everything else needs. The script runs in this
 * process, so that a signal to npm's child reaches it. All that is said here goes to stderr: a
 * script's stdout may be read by a program.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const commands = dirname(fileURLToPath(import.meta.url));
const clone = resolve(commands, '..', '..');
const [name = '', ...args] = process.argv.slice(2);
const script = join(commands, `${name}.ts`);

checkNode();
checkName();
await installDependencies();
const require = createRequire(import.meta.url);
require('../stack/typescript.cjs');
process.argv = [process.argv[0], script, ...args];
require(script);

function checkNode() {
  const { engines } = readJson(join(clone, 'package.json'));
  const [major, minor] = engines.node.replace('>=', '').split('.').map(Number);
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  stop(`This needs Node ${engines.node}; this is Node ${process.versions.node}.`);
}

function checkName() {
  if (/^[a-z-]+$/.test(name) && existsSync(script)) return;
  const files = readdirSync(commands).filter((file) => file.endsWith('.ts'));
  const names = files.map((file) => file.slice(0, -'.ts'.length)).join(', ');
  stop(`There is no script named "${name}"; there are: ${names}.`);
}

/**
 * Installs by the lock file when what is installed differs from it. The two are compared by
 * content: a checkout touches the file's time, and a reinstall would empty node_modules under a
 * stack that runs.
 */
async function installDependencies() {
  if (areInstalled()) return;
  const lock = await takeInstallLock();
  try {
    // Another process may have installed them while this one waited.
    if (!areInstalled()) await install();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** npm notes what it has installed, once it is done, in a lock file inside node_modules. */
function areInstalled() {
  const noted = join(clone, 'node_modules', '.package-lock.json');
  if (!existsSync(noted)) return false;
  const installed = readJson(noted).packages;
  const wanted = readJson(join(clone, 'package-lock.json')).packages;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const there = installed[path];
    // What is optional may be for another platform.
    if (!there) return optional === true;
    return there.version === version && there.integrity === integrity;
  });
}

async function install() {
  process.stderr.write('Installing dependencies (npm ci) …\n');
  // tsx and jest are needed whatever NODE_ENV says.
  const command = ['ci', '--include=dev'];
  const ownNpm = process.env.npm_execpath;
  const child = ownNpm
    ? spawn(process.execPath, [ownNpm, ...command], { cwd: clone, stdio: ['ignore', 2, 2] })
    : spawn('npm', command, { cwd: clone, stdio: ['ignore', 2, 2] });
  const pass = (signal) => child.kill(signal);
  process.on('SIGINT', pass).on('SIGTERM', pass);
  const outcome = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(code ?? signal));
  });
  process.off('SIGINT', pass).off('SIGTERM', pass);
  if (outcome === 0) return;
  stop(`The dependencies could not be installed: npm ci ended with ${outcome}.`);
}

/** Two installs at once would tear down each other's node_modules. */
async function takeInstallLock() {
  const key = createHash('sha256').update(clone).digest('hex').slice(0, 16);
  const lock = join(tmpdir(), `order-system-install-${key}.lock`);
  for (let said = false; ; said = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return lock;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!holderLives(lock)) rmSync(lock, { force: true });
    else if (!said) process.stderr.write('Another process is installing dependencies …\n');
    await pause(200);
  }
}

function holderLives(lock) {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    // Not written yet: its holder is between creating it and writing to it.
    if (pid === 0) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function stop(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

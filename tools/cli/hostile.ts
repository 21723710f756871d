import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import type { Attack } from '../hostile/attacker';
import { runScript } from '../stack/entry';
import { apiProcess } from '../stack/parts';
import { readSettings } from '../stack/settings';
import { readLiveState, runningStack } from '../stack/state';
import { mintToken } from '../stack/token';

/**
 * What hostile clients cost everybody else: while they go on, another client asks whether the API
 * lives, fifty times a second and without waiting for the last answer. It also tells the API's
 * resident memory before, at its highest, and when they have gone.
 */

const attackMs = 20_000;
const warmUpMs = 20_000;
/** As many as there are hostile ones, at most. */
const warmUpCallers = 200;
const askEveryMs = 20;
const recoverMsMax = 60_000;
/** Enough that none of a second's questions waits for a connection here. */
const askers = 200;
/** Who still uses the API when the hostile ones have gone. */
const calmCallers = 2;
const p99MsMax = 250;
const memoryFactorMax = 1.2;

interface Target {
  url: string;
  port: number;
  pid: number;
}

interface Figures {
  asked: number;
  failed: number;
  p50: number;
  p99: number;
  max: number;
  /** Resident memory in MB. */
  before: number;
  highest: number;
  after: number;
}

async function main(): Promise<number> {
  const stack = runningStack();
  const api = readLiveState(readSettings().localFolder)?.processes.find(
    ({ name }) => name === apiProcess,
  );
  if (!api?.pid) throw new Error('The API of this stack does not run.');
  const target = { url: stack.apiUrl, port: Number(new URL(stack.apiUrl).port), pid: api.pid };
  const token = await mintToken(stack, { customerId: 'c-00001' });
  await callOrderly(target, token, warmUpCallers, performance.now() + warmUpMs);
  let isGood = true;
  process.stdout.write(`${header}\n`);
  for (const [name, attack] of attacks(target.port, token)) {
    const figures = await measure(target, token, attack);
    isGood &&= isBearable(figures);
    process.stdout.write(`${rowOf(name, figures)}\n`);
  }
  return isGood ? 0 : 1;
}

function attacks(port: number, token: string): [string, Attack | undefined][] {
  const openapi = 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n';
  const products = `GET /products?limit=100 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  const pipelining = { port, request: openapi, readBytes: 0 };
  return [
    ['nobody', undefined],
    ['one that pipelines and reads nothing', { ...pipelining, connections: 1 }],
    ['thirty of them', { ...pipelining, connections: 30 }],
    [
      'two hundred that read 10 kB/s',
      { port, request: products, readBytes: 1_024, connections: 200 },
    ],
    ['two hundred that read nothing', { port, request: products, readBytes: 0, connections: 200 }],
  ];
}

/**
 * Well-behaved callers: before the measurement, because a process that has just begun has not got
 * the memory yet that it works with, and after it, because one that nobody calls collects nothing.
 */
async function callOrderly(
  { url }: Target,
  token: string,
  callers: number,
  until: number,
): Promise<void> {
  const pool = new Pool(url, { connections: callers });
  const headers = { authorization: `Bearer ${token}` };
  const ask = async () => {
    while (performance.now() < until) {
      for (const path of ['/openapi.json', '/products?limit=100', '/orders']) {
        const { body } = await pool.request({ method: 'GET', path, headers });
        await body.dump();
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, ask));
  await pool.close();
}

async function measure(
  target: Target,
  token: string,
  attack: Attack | undefined,
): Promise<Figures> {
  const { url, pid } = target;
  const before = residentMb(pid);
  const attacker = attack && attackerOf(attack);
  const pool = new Pool(url, { connections: askers, headersTimeout: 0, bodyTimeout: 0 });
  const took: number[] = [];
  let failed = 0;
  let highest = before;
  const ask = async () => {
    const askedAt = performance.now();
    try {
      const { body, statusCode } = await pool.request({ method: 'GET', path: '/health/live' });
      await body.dump();
      if (statusCode !== 200) failed++;
    } catch {
      failed++;
    }
    took.push(performance.now() - askedAt);
  };
  const asked: Promise<void>[] = [];
  const until = performance.now() + attackMs;
  while (performance.now() < until) {
    asked.push(ask());
    highest = Math.max(highest, residentMb(pid));
    await pause(askEveryMs);
  }
  await Promise.all(asked);
  attacker?.kill('SIGKILL');
  await pool.close();
  const after = await recovered(target, token, before);
  took.sort((a, b) => a - b);
  const at = (part: number) => took[Math.floor(part * (took.length - 1))] ?? 0;
  return {
    asked: took.length,
    failed,
    p50: at(0.5),
    p99: at(0.99),
    max: at(1),
    before,
    highest,
    after,
  };
}

function attackerOf(attack: Attack) {
  const child = fork(join(__dirname, '..', 'hostile', 'attacker.ts'), {
    execArgv: ['--require', join(__dirname, '..', 'stack', 'typescript.cjs')],
  });
  // On a busy machine the priority of who measures may be raised; theirs is not.
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_NORMAL);
  child.send(attack);
  return child;
}

/** The memory once it is back to where it was, or what it is after a minute. */
async function recovered(target: Target, token: string, before: number): Promise<number> {
  const until = performance.now() + recoverMsMax;
  do await callOrderly(target, token, calmCallers, performance.now() + 1_000);
  while (performance.now() < until && residentMb(target.pid) > before * memoryFactorMax);
  return residentMb(target.pid);
}

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
}

function isBearable({ failed, p99, before, after }: Figures): boolean {
  return failed === 0 && p99 <= p99MsMax && after <= before * memoryFactorMax;
}

const header = [
  'Clients beside one that asks /health/live'.padEnd(42),
  ...['asked', 'failed', 'p50 ms', 'p99 ms', 'max ms', 'MB before', 'highest', 'after'].map(
    (column) => column.padStart(10),
  ),
].join('');

function rowOf(name: string, figures: Figures): string {
  const { asked, failed, p50, p99, max, before, highest, after } = figures;
  const cells = [asked, failed, p50, p99, max, before, highest, after];
  return name.padEnd(42) + cells.map((cell) => String(Math.round(cell)).padStart(10)).join('');
}

runScript(main);

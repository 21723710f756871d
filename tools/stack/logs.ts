import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';

const logBytesMax = 20 * 1024 * 1024;
const tailBytes = 8 * 1024;
const lineCharsMax = 300;

/** Puts a log that has grown too large aside, over the last one put aside. */
export function rotateLog(path: string): void {
  const { size } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0 };
  if (size > logBytesMax) renameSync(path, `${path}.1`);
}

/**
 * The last line of a log that says something, cut to what a terminal shows; empty when there is
 * none. Node ends with a stack trace and its version, of which the error's own line is wanted.
 */
export function lastLogLine(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, tailBytes));
    readSync(file, tail, 0, tail.length, size - tail.length);
    const lines = tail.toString('utf8').split('\n').filter(says);
    return messageOf(lines.at(-1) ?? '').slice(0, lineCharsMax);
  } finally {
    closeSync(file);
  }
}

function says(line: string): boolean {
  return /^[^\s}]/.test(line) && !/^(Node\.js v|Require stack:|- \/)/.test(line);
}

/** Our own processes log JSON, in which the message is what a person wants to read. */
function messageOf(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const { msg, err } = JSON.parse(line) as { msg?: string; err?: { message?: string } };
    return [msg, err?.message].filter(Boolean).join(': ') || line;
  } catch {
    return line;
  }
}

/**
 * Runs a script's main function: its answer becomes the exit code, and an error one line on
 * stderr with the exit code that it carries, or 1. Where an error is a bug of ours its stack is
 * shown too.
 */
export function runScript(main: () => Promise<number>): void {
  main().then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      const shown = error instanceof Error ? error : new Error(String(error));
      const isBug = shown instanceof TypeError || shown instanceof RangeError;
      process.stderr.write(`${isBug ? String(shown.stack) : shown.message}\n`);
      process.exitCode = 'exitCode' in shown ? Number(shown.exitCode) : 1;
    },
  );
}

/** Tells a reader something on stderr, because programs read stdout. */
export function say(what: string): void {
  process.stderr.write(`${what}\n`);
}

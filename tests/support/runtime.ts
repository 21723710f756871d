import { DefaultLogger, Runtime } from '@temporalio/worker';

let installed = false;

/** These tests provoke what the SDK warns of: failing steps, vanished workflows. */
export function quietRuntime(): void {
  if (installed) return;
  installed = true;
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'ERROR' } },
  });
}

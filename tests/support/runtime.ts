import { DefaultLogger, Runtime } from '@temporalio/worker';

let installed = false;

/** What the SDK warns of is what these tests provoke: failing steps, workflows that are gone. */
export function quietRuntime(): void {
  if (installed) return;
  installed = true;
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'ERROR' } },
  });
}

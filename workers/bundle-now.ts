import { workflowBundle } from './bundle';

/** Fills the bundle's cache, when an image is built. */
void workflowBundle().then(({ code }) => {
  process.stdout.write(`The workflow bundle has ${code.length} characters.\n`);
});

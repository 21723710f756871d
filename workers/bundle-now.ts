import { workflowBundle } from './wiring/bundle';

/** Fills the bundle's cache while an image is built. */
void workflowBundle().then(({ code }) => {
  process.stdout.write(`Built the workflow bundle: ${code.length} characters.\n`);
});

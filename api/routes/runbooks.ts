import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiApp } from '../http/context';
import { Problem } from '../http/problems';

const suffix = '.md';

/**
 * `GET /runbooks/{name}`: the pages that a workflow's details link to. They need no token, because
 * a link carries none; do not configure a folder on an API that customers can reach.
 */
export function addRunbookRoutes(app: ApiApp, folder: string): void {
  // Read at the start, so a name in a request never becomes a path.
  const pages = new Map(
    readdirSync(folder)
      .filter((file) => file.endsWith(suffix))
      .map((file) => [file.slice(0, -suffix.length), readFileSync(join(folder, file), 'utf8')]),
  );
  app.get('/runbooks/:name', (c) => {
    const page = pages.get(c.req.param('name'));
    if (page === undefined) throw new Problem('not-found', 'No runbook has this name.');
    return c.text(page);
  });
}

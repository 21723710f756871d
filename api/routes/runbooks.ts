import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiApp } from '../context';
import { Problem } from '../problems';

const suffix = '.md';

/**
 * `GET /runbooks/{name}`, the pages that an operator is sent to by a workflow's details. For
 * everybody, since a link carries no token: an API that customers reach is given no folder.
 */
export function addRunbookRoutes(app: ApiApp, folder: string): void {
  // Read at the start: a name from outside never becomes a path.
  const pages = new Map(
    readdirSync(folder)
      .filter((file) => file.endsWith(suffix))
      .map((file) => [file.slice(0, -suffix.length), readFileSync(join(folder, file), 'utf8')]),
  );
  app.get('/runbooks/:name', (c) => {
    const page = pages.get(c.req.param('name'));
    if (page === undefined) throw new Problem('not-found', 'There is no runbook of this name.');
    return c.text(page);
  });
}

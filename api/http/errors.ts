import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Logger } from 'pino';
import { databaseFault } from '../../activities/order/intake';
import type { ApiApp, ApiContext } from './context';
import { Problem, problemBody, problemContentType, problemTypes } from './problems';
import { unavailable } from './unavailability';

/** The one place where an error becomes an answer. */
export function answerError(error: unknown, c: ApiContext, logger: Logger): Response {
  const problem = problemOf(error);
  const { requestId } = c.var;
  const instance = new URL(c.req.url).pathname;
  log(problem, logger, { requestId, method: c.req.method, instance });
  const body = problemBody(problem, { instance, requestId });
  return c.body(JSON.stringify(body), body.status as ContentfulStatusCode, {
    ...problem.options.headers,
    'Content-Type': problemContentType,
  });
}

/** 405 for a path that exists with another method, 404 for one that does not exist. */
export function answerUnknownRoute(c: ApiContext, app: ApiApp, logger: Logger): Response {
  const methods = new Set(
    app.routes
      .filter(({ method, path }) => method !== 'ALL' && patternOf(path).test(c.req.path))
      .map(({ method }) => method),
  );
  if (methods.size === 0) {
    return answerError(new Problem('not-found', 'Nothing exists at this path.'), c, logger);
  }
  if (methods.has('GET')) methods.add('HEAD');
  const allow = [...methods].sort().join(', ');
  const detail = `This path allows ${allow}.`;
  const problem = new Problem('method-not-allowed', detail, { headers: { Allow: allow } });
  return answerError(problem, c, logger);
}

function patternOf(path: string): RegExp {
  const source = path.replaceAll(/[.+?^$()[\]\\|]/g, '\\$&').replaceAll(/:[^/]+/g, '[^/]+');
  return new RegExp(`^${source.replaceAll('*', '.*')}$`);
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException) return ofLibrary(error);
  if (databaseFault(error)) return unavailable(error);
  return internal(error);
}

/** The errors that Hono and its validators throw. */
function ofLibrary(error: HTTPException): Problem {
  if (error.status === 415) {
    return new Problem('unsupported-media-type', 'The content type must be application/json.');
  }
  if (error.status === 400)
    return new Problem('malformed-request', 'The request could not be parsed.');
  return internal(error);
}

function internal(cause: unknown): Problem {
  return new Problem(
    'internal',
    'The error has been logged. Quote the request id when you report it.',
    {
      cause,
    },
  );
}

function log({ code, options: { cause } }: Problem, logger: Logger, request: object): void {
  if (code === 'internal') logger.error({ ...request, err: cause }, 'request failed');
  else if (problemTypes[code].status >= 500) {
    // Without the driver's message, which would hold SQL and a customer's data.
    const { name, code: driverCode } = (cause ?? {}) as { name?: unknown; code?: unknown };
    logger.warn(
      { ...request, problem: code, cause: name, driverCode },
      'request refused temporarily',
    );
  }
}

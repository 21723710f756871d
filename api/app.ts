import { OpenAPIHono } from '@hono/zod-openapi';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { patterns as allPatterns } from '../contracts/order';
import { byService } from '../contracts/participants';
import { createAuthenticator } from './http/authentication';
import { headerCount, type ApiApp, type ApiEnv } from './http/context';
import { createOrderCreation } from './placing/creation';
import type { ApiDependencies } from './dependencies';
import { createDriving } from './placing/driving';
import { answerError, answerUnknownRoute } from './http/errors';
import { validationProblem } from './http/validation';
import { createPlacement } from './placing/placement';
import type { WaitLimits } from './http/prefer';
import { createInDoubtReader } from './reading/in-doubt';
import { Problem } from './http/problems';
import { addCatalogueRoutes } from './routes/catalogue';
import { addHealthRoutes } from './routes/health';
import { addInDoubtRoutes } from './routes/in-doubt';
import { addOperatorRoutes } from './routes/operator';
import { addOperatorEventRoutes } from './routes/operator-events';
import { addOrderRoutes } from './routes/orders';
import { addPlacementRoutes } from './routes/placement';
import { addRunbookRoutes } from './routes/runbooks';
import { createShortProductsReader } from './reading/short-products';
import { createStepsReader } from './reading/steps';

/** The API without a port. `startServer` gives it one; tests call `fetch` or `request`. */
export interface Api {
  fetch: ApiApp['fetch'];
  request: ApiApp['request'];
  /**
   * Begins the end of the process. Readiness turns to 503, and the API claims waiting orders at
   * once. Callers who wait for a claimed order get their answer. Requests are still taken.
   */
  end(): void;
  /** Accepts no more orders to place. Resolves when the waiting ones are started or withdrawn. */
  close(): Promise<void>;
}

const defaultWait: WaitLimits = {
  waitMsDefault: 30_000,
  waitMsMax: 60_000,
  admissionMsMax: 10_000,
};
const requestIdLengthMax = 128;

/** Builds the API from what its process gives it. */
export function createApp(deps: ApiDependencies): Api {
  const driving = createDriving(deps);
  const { watcher, dispatchers, temporal } = driving;
  const wait = { ...defaultWait, ...deps.wait };
  const authenticate = createAuthenticator(deps.authentication);
  const { intake, orders, participants, products, points } = deps;
  const queries = { order: orders, ...participants };
  const readInDoubt = createInDoubtReader(participants, deps.logger);
  const readSteps = createStepsReader(participants, deps.logger);
  const app = newApp(deps);
  addOrderRoutes(app, {
    authenticate,
    orders,
    createOrder: createOrderCreation({
      intake,
      products,
      ...(deps.gathering && { gathering: deps.gathering }),
    }),
    readSteps,
    readInDoubt,
  });
  addPlacementRoutes(app, {
    authenticate,
    placement:
      deps.placement ??
      createPlacement({
        intake,
        orders,
        watcher,
        dispatchers,
        temporal,
        defaultPattern: deps.defaultPattern,
        answeredAtOnce: new Set(allPatterns.filter((name) => deps.patterns[name]?.answersAtOnce)),
        ...(deps.unavailable && { unavailable: deps.unavailable }),
        ...wait,
      }),
    wait,
    readShortProducts: createShortProductsReader(orders, products),
  });
  addInDoubtRoutes(app, { authenticate, readInDoubt, orders, logger: deps.logger });
  addCatalogueRoutes(app, { authenticate, products, points });
  addOperatorRoutes(app, { authenticate, orders, readSteps, resolve: deps.resolve });
  const probes = {
    ...byService((service) => () => queries[service].ready()),
    temporal: () => temporal.confirm(),
  };
  addHealthRoutes(app, probes, () => orders.overdueRecoveries(), driving.isEnding);
  if (deps.releaseEvent) {
    addOperatorEventRoutes(app, {
      authenticate,
      queries,
      release: deps.releaseEvent,
    });
  }
  if (deps.runbooksFolder !== undefined) addRunbookRoutes(app, deps.runbooksFolder);
  addOpenApi(app);

  return {
    fetch: app.fetch,
    request: app.request,
    end: driving.end,
    close: driving.close,
  };
}

/** The middleware of every route. */
function newApp({ logger }: ApiDependencies): ApiApp {
  const app: ApiApp = new OpenAPIHono<ApiEnv>({
    defaultHook: (result: Parameters<NonNullable<ApiApp['defaultHook']>>[0]) => {
      if (!result.success) throw validationProblem(result.target, result.error);
    },
  });
  app.onError((error, c) => answerError(error, c, logger));
  app.notFound((c) => answerUnknownRoute(c, app, logger));
  // Replaces a hostile X-Request-Id, so it reaches no log and no page.
  app.use(requestId({ limitLength: requestIdLengthMax }));
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
      xFrameOptions: 'DENY',
      // A page that needs another policy sets its own.
      overwrite: false,
    }),
  );
  app.use(async (c, next) => {
    if (headerCount(c, 'host') > 1) throw new Problem('malformed-request', 'Host was sent twice.');
    // Answers are private and stale at once; a page may set its own policy.
    c.header('Cache-Control', 'no-store');
    try {
      await next();
      return undefined;
    } catch (error) {
      // Hono passes its error handler only instances of this realm's `Error`.
      return answerError(error, c, logger);
    }
  });
  return app;
}

function addOpenApi(app: ApiApp): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
  });
  const describe = () =>
    app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'Order system',
        version: '1',
        description: 'Places orders across several services: completely once, or not at all.',
      },
    });
  // The document never changes. Cached, because building it is slow enough to be abused in a loop.
  let document: Uint8Array<ArrayBuffer> | undefined;
  app.get('/openapi.json', (c) => {
    document ??= new TextEncoder().encode(JSON.stringify(describe()));
    return c.body(document, 200, { 'Content-Type': 'application/json' });
  });
}

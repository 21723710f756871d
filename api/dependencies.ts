import type { Logger } from 'pino';
import type { OrderIntake } from '../activities/order/intake';
import type { OrderQueries } from '../activities/order/queries';
import type { ParticipantQueries } from '../activities/participant/queries';
import type { PointBalances } from '../activities/point/balances';
import type { Catalogue } from '../activities/product/catalogue';
import type { StepTiming } from '../contracts/limits';
import type { Pattern } from '../contracts/order';
import type { ParticipantName } from '../contracts/participants';
import type { AuthenticationSettings } from './http/authentication';
import type { StartOrders } from './placing/send-batch';
import type { DispatcherOptions } from './placing/dispatcher';
import type { LoaderLimits } from './placing/batch-loader';
import type { WatcherOptions } from './placing/outcome-watcher';
import type { PlacementService } from './placing/placement';
import type { ReleaseEvent } from './routes/operator-events';
import type { WaitLimits } from './http/prefer';
import type { Resolutions } from './resolution';
import type { PresenceOptions } from './placing/temporal-presence';

/** How a pattern's orders are driven. */
export interface PatternRunner {
  /** From `createTemporalStarter`; null if the claim alone begins the order. */
  start: StartOrders | null;
  /** Overrides the dispatcher's defaults. Patterns that do not batch set `{ ordersMax: 1 }`. */
  dispatch?: Partial<DispatcherOptions>;
  /** Callers get 202 once their order is claimed, and poll for its outcome. */
  answersAtOnce?: boolean;
}

/** What the API needs from its process. `workers/api.ts` and the tests create it. */
export interface ApiDependencies {
  logger: Logger;
  /** On the order database, as `order_api`. */
  intake: OrderIntake;
  /** On the order database, as `order_api`. */
  orders: OrderQueries;
  /** Each on its own database, as its `_reader`. */
  participants: Record<ParticipantName, ParticipantQueries>;
  /** On the product database, as `product_reader`. */
  products: Catalogue;
  /** On the point database, as `point_reader`. */
  points: PointBalances;
  authentication: AuthenticationSettings;
  /** The patterns that this installation offers. The API refuses any other. */
  patterns: Partial<Record<Pattern, PatternRunner>>;
  /** For requests that name no pattern. */
  defaultPattern: Pattern;
  /** Why a pattern is not offered: a whole sentence for the caller. */
  unavailable?: Partial<Record<Pattern, string>>;
  /** Given to every workflow. */
  timing: StepTiming;
  /** Rejects when Temporal is away; from `createTemporalProbe`. */
  temporalReady: () => Promise<void>;
  /** When Temporal counts as away; for tests. */
  presence?: Partial<PresenceOptions>;
  /** Operators' resolutions, from `createTemporalResolver`. Without it the API offers none. */
  resolve?: Resolutions;
  /** How long a place or cancel call waits: 30 s by default, 60 s at most. */
  wait?: Partial<WaitLimits>;
  watcher?: Partial<WatcherOptions>;
  /** A folder of Markdown pages to serve under `/runbooks`, for the links in the Temporal UI. */
  runbooksFolder?: string | undefined;
  /** How creations share round trips; `{ batchMax: 1 }` makes them one by one. */
  gathering?: Partial<LoaderLimits>;
  /** Delivers a parked event again; from `createReleaser`. Without it the API has no such route. */
  releaseEvent?: ReleaseEvent;
  /** Replaces claiming and dispatching; for the benchmark, which places orders itself. */
  placement?: PlacementService;
}

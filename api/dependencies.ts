import type { Logger } from 'pino';
import type { OrderIntake } from '../activities/order/intake';
import type { OrderQueries } from '../activities/order/queries';
import type { ParticipantQueries } from '../activities/participant/queries';
import type { PointBalances } from '../activities/point/balances';
import type { Catalogue } from '../activities/product/catalogue';
import type { StepTiming } from '../contracts/limits';
import type { Pattern } from '../contracts/order';
import type { ParticipantName } from '../contracts/participants';
import type { AuthenticationSettings } from './authentication';
import type { StartOrders } from './batch';
import type { DispatcherOptions } from './dispatcher-options';
import type { Gathering } from './gather';
import type { WatcherOptions } from './outcome-watcher';
import type { PlacementService } from './placement';
import type { ReleaseEvent } from './routes/operator-events';
import type { WaitLimits } from './prefer';
import type { Resolutions } from './resolution';
import type { PresenceOptions } from './temporal-presence';

/** How a pattern's orders are driven. */
export interface PatternRunner {
  /** From `createTemporalStarter`; null where claiming is all. */
  start: StartOrders | null;
  /** Over the dispatcher's defaults. Patterns that do not batch say `{ ordersMax: 1 }`. */
  dispatch?: Partial<DispatcherOptions>;
  /** Its orders take their time: callers are answered 202 once theirs is claimed, and look later. */
  answersAtOnce?: boolean;
}

/** All that the API needs of its process. `workers/api.ts` makes them; so do the tests. */
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
  /** The patterns that this installation offers; asking for another is refused. */
  patterns: Partial<Record<Pattern, PatternRunner>>;
  /** For those who leave the choice to us. */
  defaultPattern: Pattern;
  /** Why a pattern is not offered, as a whole sentence, for who asks for it. */
  unavailable?: Partial<Record<Pattern, string>>;
  /** Given to every workflow. */
  timing: StepTiming;
  /** Rejects when Temporal is away; from `createTemporalProbe`. */
  temporalReady: () => Promise<void>;
  /** When Temporal counts as away, for tests that hurry. */
  presence?: Partial<PresenceOptions>;
  /** Operators' resolutions; from `createTemporalResolver`. Without it none are offered. */
  resolve?: Resolutions;
  /** How long a place or cancel call waits: 30 s, and 60 s at most, unless this says otherwise. */
  wait?: Partial<WaitLimits>;
  watcher?: Partial<WatcherOptions>;
  /** A folder of Markdown pages to show under `/runbooks`, for the links in the Temporal UI. */
  runbooksFolder?: string | undefined;
  /** How creations share round trips; `{ batchMax: 1 }` makes them one by one. */
  gathering?: Partial<Gathering>;
  /** Has a parked event delivered again; from `createReleaser`. Without it no route does. */
  releaseEvent?: ReleaseEvent;
  /** Instead of claiming and dispatching: for the benchmark, which places orders without us. */
  placement?: PlacementService;
}

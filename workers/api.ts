import { Client } from '@temporalio/client';
import { createTemporalProbe, createTemporalResolver } from '../api/temporal';
import { openTemporal } from '../api/temporal-connection';
import { commonSettings, readConfig } from './config';
import { createLogger } from './logging';
import { patternsOn, patternSettings, unavailableOn } from './patterns';
import { runProcess, untilAborted } from './process';
import { createReleaser } from './relay';
import { apiSettings, serveApi } from './serve-api';
import { timingFrom } from './timing';

/** The API in a process of its own. It starts workflows; other processes run them. */
const config = readConfig([...commonSettings, ...apiSettings, ...patternSettings]);
const logger = createLogger('api', config.LOG_LEVEL);

void runProcess(logger, async (ready, ending) => {
  const connection = openTemporal(config.TEMPORAL_ADDRESS);
  const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
  const close = await serveApi(config, logger, {
    patterns: patternsOn(client, config),
    unavailable: unavailableOn(config),
    temporalReady: createTemporalProbe(client),
    resolve: createTemporalResolver(client, {
      timing: timingFrom(config),
      runbooksUrl: config.RUNBOOKS_URL,
    }),
    releaseEvent: createReleaser(client.workflow, timingFrom(config), config.RUNBOOKS_URL),
  });
  ready();
  await untilAborted(ending);
  await close();
});

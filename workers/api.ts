import { Client } from '@temporalio/client';
import { createTemporalProbe, createTemporalResolver } from '../api/placing/temporal';
import { openTemporal } from '../api/placing/temporal-connection';
import { commonSettings, readConfig } from './wiring/config';
import { createLogger } from './wiring/logging';
import { patternsOn, patternSettings, unavailableOn } from './wiring/patterns';
import { runProcess, untilAborted } from './wiring/process';
import { createReleaser } from './wiring/relay';
import { apiSettings, serveApi } from './wiring/serve-api';
import { timingFrom } from './wiring/timing';

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

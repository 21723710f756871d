/** The barrier's table, the same in every service that takes part: see activities/barrier/barrier.ts. */
export const createStepsTable = `
  CREATE TABLE steps (
    order_id VARCHAR(64) NOT NULL,
    step VARCHAR(32) NOT NULL,
    hash VARCHAR(64) NOT NULL,
    outcome VARCHAR(64) NULL,
    recorded_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    PRIMARY KEY (order_id, step)
  ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`;

/**
 * The reservations of a participant that TCC asks, the same in each: see activities/transaction/tcc.ts.
 * What is `reserved` or `frozen` is part of the balance's `reserved`, whose sum the auditor proves.
 * `resolution` fences operators' resolutions off from each other: see `freeze` there.
 *
 * @param key the column that names the balance, @param amount what is reserved of it
 */
export function createReservationsTable(key: string, amount: string): string {
  return `
  CREATE TABLE reservations (
    order_id VARCHAR(64) NOT NULL,
    ${key} VARCHAR(64) NOT NULL,
    ${amount} BIGINT NOT NULL,
    state VARCHAR(16) NOT NULL DEFAULT 'reserved',
    resolution BIGINT NOT NULL DEFAULT 0,
    reserved_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    PRIMARY KEY (order_id, ${key}),
    KEY reservations_open (state, order_id, reserved_at),
    CONSTRAINT reservations_positive CHECK (${amount} > 0),
    CONSTRAINT reservations_state_known
      CHECK (state IN ('reserved', 'frozen', 'confirmed', 'cancelled'))
  ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`;
}

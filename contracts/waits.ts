/**
 * What a PENDING order waits for once its owner has done all that it could. It is recorded in the
 * order's row together with PENDING, and NULL while somebody drives the order, or has to.
 */
export const waits = [
  'operator',
  'branch',
  'event',
  'confirmation',
  'compensation',
  'cancellation',
] as const;
/** In order of precedence: of several reasons the first is recorded. */
export type Wait = (typeof waits)[number];

/** Adoption is what drives these on; each other wait has an operator or a recovery job of its own. */
export const adoptedWaits = ['branch', 'cancellation'] as const satisfies readonly Wait[];

/** How an orderly shutdown of the API divides its time, from when it accepts no new requests. */
export interface StopLimits {
  /** When the API withdraws the orders whose claim was not sent: nothing was done for them. */
  withdrawMs: number;
  /** When the API answers the remaining requests with `outcome-unknown`. */
  answerMsMax: number;
  /** When the API leaves claimed orders without a workflow to adoption. */
  startMsMax: number;
}

export const stopLimits: StopLimits = {
  withdrawMs: 2_000,
  answerMsMax: 4_000,
  startMsMax: 5_000,
};

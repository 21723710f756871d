/** How an orderly end of the API divides its time, from when it takes no new requests. */
export interface StopLimits {
  /** Orders of which no claim was sent by then are withdrawn: nothing was done. */
  withdrawMs: number;
  /** Requests that have no answer by then are told that their outcome is not known. */
  answerMsMax: number;
  /** Claimed orders whose workflow is not started by then are left to adoption. */
  startMsMax: number;
}

export const stopLimits: StopLimits = {
  withdrawMs: 2_000,
  answerMsMax: 4_000,
  startMsMax: 5_000,
};

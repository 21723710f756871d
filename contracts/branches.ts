/** What the participants tell of their XA branches. */

/** The XA branch of one order in one participant. */
export interface BranchCommand {
  orderId: string;
}

/** What was seen of a branch once it was no longer prepared. */
export type BranchOutcome =
  /** Its barrier row was read: the effect is there, once. */
  | { kind: 'committed' }
  /** A tombstone or a rejection was read: nothing was taken, and nothing will be. */
  | { kind: 'rolled-back' }
  /** Somebody else ended it, and against the decision: never a success. */
  | { kind: 'heuristic'; was: 'committed' | 'rolled-back' };

export type BranchStep = (branches: BranchCommand[]) => Promise<BranchOutcome[]>;

/** A branch that was begun and has not been seen to end. */
export interface OpenBranch {
  orderId: string;
  /** Since it was begun, by the participant's own clock. */
  ageMs: number;
}

/** What a participant knows of branches, and what its server holds beside them. */
export interface FoundBranches {
  /** Our own, in the order of their orders' ids. */
  own: OpenBranch[];
  /** Prepared on the same server by somebody else: listed, and never touched. */
  others: string[];
}

/** Own branches of orders after this one, so many at most; `others` come with the first page. */
export interface BranchQuery {
  olderThanMs: number;
  afterOrder: string;
  limit: number;
}

export type FindBranches = (query: BranchQuery) => Promise<FoundBranches>;

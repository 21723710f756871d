/** What participants report about their XA branches. */

/** The XA branch of one order in one participant. */
export interface BranchCommand {
  orderId: string;
}

/** What a participant found once a branch was no longer prepared. */
export type BranchOutcome =
  /** Its barrier row exists: the effect was made, once. */
  | { kind: 'committed' }
  /** A tombstone or a rejection exists: nothing was taken, and nothing will be. */
  | { kind: 'rolled-back' }
  /** Someone else ended it against the decision. Never counts as success. */
  | { kind: 'heuristic'; was: 'committed' | 'rolled-back' };

export type BranchStep = (branches: BranchCommand[]) => Promise<BranchOutcome[]>;

/** A branch that has begun and is not known to have ended. */
export interface OpenBranch {
  orderId: string;
  /** Since it began, by the participant's clock. */
  ageMs: number;
}

/** A participant's own branches, and the other branches on its server. */
export interface FoundBranches {
  /** This installation's branches, in the order of their order ids. */
  own: OpenBranch[];
  /** Branches that other programs prepared on the same server. Listed, never touched. */
  others: string[];
}

/** Own branches of orders after this one, up to the limit. The first page includes `others`. */
export interface BranchQuery {
  olderThanMs: number;
  afterOrder: string;
  limit: number;
}

export type FindBranches = (query: BranchQuery) => Promise<FoundBranches>;

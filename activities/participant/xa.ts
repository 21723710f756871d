import { setTimeout as sleep } from 'node:timers/promises';
import { randomInt } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import type { Knex } from 'knex';
import type {
  BranchCommand,
  BranchOutcome,
  BranchStep,
  FindBranches,
} from '../../contracts/branches';
import type { Keyed } from '../../contracts/participants/definition';
import type { PrepareOutcome, Step, WhenHeld } from '../../contracts/steps';
import { asActivity } from '../database/activity-failure';
import { brokenBecause } from '../barrier/batch';
import {
  BranchExists,
  isPrepared,
  PrepareUnknown,
  runBranch,
  xidOf,
  type XaConnections,
} from './branch-connection';
import { endBranch, findBranches, noteBranch } from './branch-notes';
import { writeTombstones, runOnce, outcomeIn, type RecordedOutcome } from '../barrier/barrier';
import { RowsHeld } from '../barrier/held-rows';
import { classify } from '../database/errors';
import type { Rules } from './rules';
import type { RulesWhen } from './saga';
import { runTransaction } from '../database/transaction';

interface XaSteps<C> {
  prepare: Step<C, PrepareOutcome>;
  commit: BranchStep;
  rollback: BranchStep;
  find: FindBranches;
}

/** A participant's two-phase commit, on its own server. */
export function createXaSteps<C extends Keyed>(
  knex: Knex,
  xa: XaConnections | undefined,
  rulesWhen: RulesWhen<C>,
): XaSteps<C> {
  const participantOf = (whenHeld: WhenHeld = 'wait') => {
    if (xa) return new XaParticipant(knex, xa, rulesWhen[whenHeld]);
    throw ApplicationFailure.nonRetryable('This process has no XA connections', 'not-configured');
  };
  const each =
    <I, O>(step: (participant: XaParticipant<C>, item: I) => Promise<O>) =>
    (items: I[], whenHeld?: WhenHeld) =>
      asActivity(async () => {
        const outcomes: O[] = [];
        for (const item of items) outcomes.push(await step(participantOf(whenHeld), item));
        return outcomes;
      });
  return {
    prepare: each((participant, command: C) => participant.prepare(command)),
    commit: each((participant, command: BranchCommand) => participant.commit(command)),
    rollback: each((participant, command: BranchCommand) => participant.rollback(command)),
    find: (input) => asActivity(() => participantOf().find(input)),
  };
}

/** How often a branch is found neither prepared nor committed before it counts as heuristic. */
const looksMax = 3;
const lookAgainMs = 100;

class XaParticipant<C extends Keyed> {
  /**
   * `prepare` is the barrier step inside the branch. `rollback` is the step of an operator who has
   * given back.
   */
  private readonly steps;

  constructor(
    private readonly knex: Knex,
    private readonly xa: XaConnections,
    private readonly rules: Rules<C>,
  ) {
    this.steps = rules.participant.steps.xa;
  }

  /**
   * Answers `done` once the branch is prepared. A rejection is committed at once, in one phase:
   * that branch holds only its barrier row, so there is nothing to decide, and a repeat finds the
   * row.
   */
  async prepare(command: C): Promise<PrepareOutcome> {
    const { orderId } = command;
    const { hashOf, books, balancesOf } = this.rules;
    const participant = this.rules.participant.name;
    const gtrid = this.xa.gtridOf(orderId);
    const lockedRows = balancesOf(command).map((id) => `${books.balances} ${id}`);
    const hash = hashOf(command);
    const noted = await noteBranch(this.knex, { orderId, gtrid, participant, hash, lockedRows });
    if (noted.hash !== hash) return { kind: 'broken', code: 'content-mismatch' };
    try {
      const outcome = await this.branchOff(command, xidOf(gtrid, participant));
      if (outcome.kind === 'done') return outcome;
      await endBranch(this.knex, orderId, outcome.kind === 'rejected' ? 'rejected' : 'rolled-back');
      return outcome;
    } catch (error) {
      if (error instanceof BranchExists || error instanceof PrepareUnknown) {
        if (await this.isPrepared(orderId)) return { kind: 'done' };
        throw stillActive(error);
      }
      const isHeld = error instanceof RowsHeld || classify(error) === 'lock-timeout';
      const outcome = isHeld ? ({ kind: 'locked' } as const) : brokenBecause(error);
      if (!outcome) throw error;
      await endBranch(this.knex, orderId, 'rolled-back');
      return outcome;
    }
  }

  private branchOff(command: C, xid: string): Promise<PrepareOutcome> {
    const { hashOf, take } = this.rules;
    const step = this.steps.prepare;
    return runBranch(this.xa.openBranch, xid, async (trx) => {
      let fresh: RecordedOutcome | undefined;
      const [result] = await runOnce(trx, { step, hashOf }, [command], async (commands) => {
        const outcomes = await take(trx, commands);
        fresh = outcomes[0];
        return outcomes;
      });
      if (!result) throw new Error(`No outcome for ${command.orderId} ${step}`);
      // A repeat has written nothing; what it found was committed before.
      if (!fresh) return { result, end: 'rollback' };
      return { result, end: fresh.kind === 'done' ? 'prepare' : 'commit-one-phase' };
    });
  }

  /**
   * Does not rely on the answer of `XA COMMIT`; it checks. It reads the prepared branches first,
   * then the barrier row: in the other order, a commit between the two reads would raise a false
   * alarm.
   */
  async commit({ orderId }: BranchCommand): Promise<BranchOutcome> {
    for (let look = 1; ; look += 1) {
      await this.endIfPrepared('COMMIT', orderId);
      if ((await this.recorded(orderId))?.kind === 'done') {
        await endBranch(this.knex, orderId, 'committed');
        return { kind: 'committed' };
      }
      if (look === looksMax) break;
      await sleep(lookAgainMs);
    }
    await endBranch(this.knex, orderId, 'heuristic-rollback');
    return { kind: 'heuristic', was: 'rolled-back' };
  }

  /**
   * The branch of a frozen worker is active, and not in the list of prepared branches. The
   * tombstone has the key of the branch's barrier row, so only one of them can exist: inserting the
   * tombstone waits for the branch's end, or comes first. If the wait times out the caller retries,
   * and sees the branch if it has been prepared since.
   */
  async rollback({ orderId }: BranchCommand): Promise<BranchOutcome> {
    await this.endIfPrepared('ROLLBACK', orderId);
    const outcome = await runTransaction(this.knex, (trx) =>
      writeTombstones(trx, this.steps.rollback, this.steps.prepare, orderId),
    );
    if (outcome.kind === 'done' && !(await this.givenBack(orderId))) {
      await endBranch(this.knex, orderId, 'heuristic-commit');
      return { kind: 'heuristic', was: 'committed' };
    }
    await endBranch(this.knex, orderId, 'rolled-back');
    return { kind: 'rolled-back' };
  }

  find(input: Parameters<FindBranches>[0]) {
    return findBranches(this.knex, this.xa, this.rules.participant.name, input);
  }

  /** @throws the last error if the branch is still prepared; the caller retries */
  private async endIfPrepared(how: 'COMMIT' | 'ROLLBACK', orderId: string): Promise<void> {
    if (!(await this.isPrepared(orderId))) return;
    const xid = xidOf(this.xa.gtridOf(orderId), this.rules.participant.name);
    try {
      await this.xa.recovery.raw(`XA ${how} ${xid}`);
    } catch (error) {
      if (await this.isPrepared(orderId)) throw error;
      return;
    }
    if (await this.isPrepared(orderId))
      throw stillActive(new Error(`The branch is still prepared`));
  }

  private isPrepared(orderId: string): Promise<boolean> {
    return isPrepared(this.xa.recovery, this.xa.gtridOf(orderId), this.rules.participant.name);
  }

  private async recorded(
    orderId: string,
    step: string = this.steps.prepare,
  ): Promise<RecordedOutcome | undefined> {
    const row = await this.knex('steps').where({ order_id: orderId, step }).first('outcome');
    return (row && outcomeIn(row)) ?? undefined;
  }

  /** Only an operator writes this row, together with the correction: see the runbook. */
  private async givenBack(orderId: string): Promise<boolean> {
    return (await this.recorded(orderId, this.steps.rollback))?.kind === 'done';
  }
}

/** Retried with jitter: the session that holds the branch will end, or the server will end it. */
function stillActive(cause: Error): ApplicationFailure {
  return ApplicationFailure.create({
    message: `${cause.message}; another session has it, or its end is not visible yet`,
    type: 'branch-active',
    nextRetryDelay: randomInt(50, 500),
  });
}

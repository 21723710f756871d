import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../activities/database/connection';
import { describeError } from '../../activities/database/errors';
import { endOwnBranches, wordsOf } from '../../workers/wiring/own-branches';
import { ownBranchesOf } from './databases';
import { describeStack } from './state';
import type { StackFile } from './stack-file';

/** Orders that are on their way when the API has ended have as long to get to their end. */
const ordersMsMax = 10_000;
/** What is decided is ended at once; what fails is tried for so long. */
const branchesMsMax = 5_000;
const pollMs = 200;
/** Checked before connecting: a stack that was only starting has no databases. */
const clientMsMax = 3_000;

/**
 * Waits until no order is on its way. The API is gone, so that none begins; the workers must run.
 * An order whose workflow ends between its prepares and its decision would leave branches behind,
 * which hold rows and tables though everything has stopped.
 */
export async function waitForOrders(stack: StackFile): Promise<void> {
  const url = describeStack(stack).databases.order.adminUrl;
  const knex = openDatabase({ url, poolMax: 1, silentMsMax: clientMsMax });
  const deadline = Date.now() + ordersMsMax;
  try {
    while (Date.now() < deadline) {
      const moving: unknown = await knex('orders').where('status', 'PLACING').first('order_id');
      if (moving === undefined) return;
      await sleep(pollMs);
    }
  } catch {
    // A server that is away, or a database that is not made yet: nothing that could be waited for.
  } finally {
    await knex.destroy();
  }
}

/**
 * Ends the branches that the workers have left prepared, once no worker runs: nobody is about to
 * decide, so that an undecided one is given up whatever its age.
 *
 * @returns what an operator is to be told: a line a branch that is left, or why nobody knows
 */
export async function endLeftBranches(stack: StackFile): Promise<string[]> {
  try {
    const limits = { cancelAfterMs: 0, waitMsMax: branchesMsMax };
    const left = await endOwnBranches(ownBranchesOf(stack), limits);
    return left.map((branch) => `A prepared branch is left: ${wordsOf(branch)}`);
  } catch (error) {
    return [`Whether prepared branches are left is not known: ${describeError(error)}`];
  }
}

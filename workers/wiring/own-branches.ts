import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import { createOrderActivities } from '../../activities/order/activities';
import { createParticipantActivities } from '../../activities/participant/activities';
import { openXa, type XaSettings } from '../../activities/participant/branch-connection';
import { ownPrepared } from '../../activities/participant/branch-notes';
import { openDatabase, silentMsMax } from '../../activities/database/connection';
import { classify, describeError } from '../../activities/database/errors';
import type { BranchOutcome, BranchStep, OpenBranch } from '../../contracts/branches';
import type { StandingDecision } from '../../contracts/steps';
import { type ParticipantName, participants, type Service } from '../../contracts/participants';

/**
 * Ends this installation's prepared branches while no workflow can: before a migration, which would
 * wait for their locks, and at the end of an orderly stop. It follows the scanner's rules. If the
 * order is decided, it follows the decision. If the order is undecided and the branch is old, it
 * writes CANCEL first. It never touches other programs' branches.
 */

export interface OwnBranches extends Pick<XaSettings, 'secret' | 'installation'> {
  /** The administrator's `mysql://…` URL of each service. */
  urls: Record<Service, string>;
}

/** A branch that is still prepared, and why. */
export interface LeftBranch {
  orderId: string;
  participant: ParticipantName;
  ageMs: number;
  why: string;
}

interface Participant {
  name: LeftBranch['participant'];
  prepared: () => Promise<OpenBranch[]>;
  end: Record<'COMPLETE' | 'CANCEL', BranchStep>;
}

interface Opened {
  order: ReturnType<typeof createOrderActivities>;
  participants: Participant[];
  close: () => Promise<void>;
}

/** A start that cannot succeed fails within seconds. */
const beforeMigratingMsMax = 5_000;
const pollMs = 500;
const poolMax = 10;
const atOnce = 8;

/**
 * @param cancelAfterMs the age at which an undecided branch is cancelled
 * @param waitMsMax how long to wait for younger branches, and to retry failures
 * @returns the branches that are still prepared
 */
export async function endOwnBranches(
  on: OwnBranches,
  { cancelAfterMs, waitMsMax }: { cancelAfterMs: number; waitMsMax: number },
): Promise<LeftBranch[]> {
  const opened = open(on);
  const deadline = Date.now() + waitMsMax;
  try {
    for (;;) {
      const left = await endAll(opened, cancelAfterMs);
      if (left.length === 0 || Date.now() >= deadline) return left;
      await sleep(pollMs);
    }
  } finally {
    await opened.close();
  }
}

/**
 * Ends the branches that a migration would wait for.
 *
 * @throws Error that names the remaining branches by order, participant and age.
 */
export async function endBranchesBeforeMigrating(
  on: OwnBranches,
  cancelAfterMs: number,
): Promise<void> {
  const left = await endOwnBranches(on, { cancelAfterMs, waitMsMax: beforeMigratingMsMax });
  if (left.length === 0) return;
  const seconds = String(Math.round(cancelAfterMs / 1_000));
  throw new Error(
    `Nothing was migrated: ${String(left.length)} prepared XA branches lock the tables.\n` +
      left.map((branch) => `  ${wordsOf(branch)}\n`).join('') +
      `An undecided branch is cancelled once it is ${seconds} s old. Start again then.`,
  );
}

/** One line per branch, without its gtrid, which would let any user end it. */
export function wordsOf({ orderId, participant, ageMs, why }: LeftBranch): string {
  const seconds = String(Math.round(ageMs / 1_000));
  return `order ${orderId}, ${participant} service, prepared for ${seconds} s: ${why}`;
}

function open({ urls, secret, installation }: OwnBranches): Opened {
  const common = { poolMax, silentMsMax };
  const order = openDatabase({ url: urls.order, ...common });
  const opened = participants.map((participant) => {
    const { name, steps } = participant;
    const settings = { url: urls[name], ...common };
    const knex = openDatabase(settings);
    const xa = openXa({ worker: settings, recovery: settings, secret, installation });
    const activities = createParticipantActivities(participant, knex, xa);
    return {
      name,
      prepared: () => preparedIn(knex, () => ownPrepared(knex, xa, name)),
      end: { COMPLETE: activities[steps.xa.commit], CANCEL: activities[steps.xa.rollback] },
      close: () => Promise.all([knex.destroy(), xa.close()]),
    };
  });
  return {
    order: createOrderActivities({
      knex: order,
      askOwners: () => Promise.reject(new Error('No order is adopted here')),
    }),
    participants: opened,
    async close() {
      await Promise.all([order.destroy(), ...opened.map((one) => one.close())]);
    },
  };
}

/**
 * A branch is noted in a table before it begins, so without the table or the database there is
 * none.
 */
async function preparedIn(knex: Knex, find: () => Promise<OpenBranch[]>): Promise<OpenBranch[]> {
  try {
    return (await knex.schema.hasTable('xa_branches')) ? await find() : [];
  } catch (error) {
    if ((error as { errno?: unknown }).errno === unknownDatabase) return [];
    throw error;
  }
}

const unknownDatabase = 1049;

async function endAll(opened: Opened, cancelAfterMs: number): Promise<LeftBranch[]> {
  const branches: (OpenBranch & { participant: Participant })[] = [];
  for (const participant of opened.participants) {
    const prepared = await participant.prepared();
    branches.push(...prepared.map((branch) => ({ ...branch, participant })));
  }
  if (branches.length === 0) return [];
  const decisions = await decide(opened, branches, cancelAfterMs);
  const left: LeftBranch[] = [];
  const rest = [...branches];
  const endNext = async () => {
    for (let next = rest.pop(); next; next = rest.pop()) {
      const { orderId, ageMs, participant } = next;
      const why = await endOne(opened, participant, orderId, decisions.get(orderId) ?? 'unknown');
      if (why !== undefined) left.push({ orderId, participant: participant.name, ageMs, why });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, endNext));
  return left;
}

async function decide(
  { order }: Opened,
  branches: readonly OpenBranch[],
  cancelAfterMs: number,
): Promise<Map<string, StandingDecision>> {
  const ids = [...new Set(branches.map(({ orderId }) => orderId))];
  const standing = await order.readDecisions(ids);
  const known = new Map(ids.map((orderId, i) => [orderId, standing[i] ?? 'unknown']));
  const old = new Set(branches.filter((one) => one.ageMs >= cancelAfterMs).map((b) => b.orderId));
  const lost = ids.filter((orderId) => known.get(orderId) === 'undecided' && old.has(orderId));
  if (lost.length === 0) return known;
  const verdicts = lost.map((orderId) => ({
    orderId,
    decision: 'CANCEL' as const,
    reason: 'unavailable' as const,
  }));
  const decisions = await order.decideOrders(verdicts);
  lost.forEach((orderId, i) => known.set(orderId, decisions[i] ?? 'undecided'));
  return known;
}

/** Why the branch is still prepared; undefined once it has ended. */
async function endOne(
  { order }: Opened,
  { end }: Participant,
  orderId: string,
  decision: StandingDecision,
): Promise<string | undefined> {
  if (decision === 'undecided')
    return 'its order is undecided, and the branch is too young to cancel';
  if (decision === 'unknown') return 'its order does not exist in the order database';
  try {
    const [outcome] = await end[decision]([{ orderId }]);
    if (outcome?.kind === 'heuristic') await raise(order, orderId, decision, outcome);
    return undefined;
  } catch (error) {
    return `ending it failed: ${describeError(error)} (${classify(error)})`;
  }
}

async function raise(
  order: Opened['order'],
  orderId: string,
  decision: 'COMPLETE' | 'CANCEL',
  { was }: Extract<BranchOutcome, { kind: 'heuristic' }>,
): Promise<void> {
  const detail = `the branch was ${was} by someone else, against the decision ${decision}`;
  await order.alertOrders([{ orderId, kind: 'heuristic-outcome', detail }]);
}

import { participants } from '../../contracts/participants';
import * as arrange from './arrange';
import type { Arrangement } from './arrangement';
import type { Injection } from './injection';
import type { TransactionMatcher } from './transaction-matcher';
import type { Participant } from './participants';

/** How branches come to be left prepared, for the scanner. */

/** Its workflow is terminated when it comes to this step, and nobody adopts the order. */
function leftAt(known: TransactionMatcher): Arrangement {
  return {
    async begins(cell) {
      const window = cell.watch(known, { skip: 0, position: 'begin', times: Infinity });
      const hit = await window.hit();
      await arrange.holdOffAdoption(cell);
      await arrange.terminateOwner(cell);
      hit.cut();
      // Another try may have begun before; none comes after.
      for (const other of window.rest()) other.cut();
      cell.unwatch(known, window);
    },
    async go(cell) {
      // Not before the step is watched: each service looks for old branches by itself.
      for (const { name } of participants) await arrange.age(cell, name, 'xa_branches');
      const scanning = arrange.recoverUntil(cell, () => areEnded(cell));
      scanning.catch(() => undefined);
      cell.whenGone(() => scanning);
    },
    async letGo(cell) {
      await cell.gone();
      await arrange.letAdopt(cell);
    },
  };
}

async function areEnded({ stack, subject }: Injection): Promise<boolean> {
  const open = await Promise.all(
    participants.map(({ name }) =>
      stack.databases[name]('xa_branches')
        .where('order_id', subject.orderId)
        .whereNull('ended_as')
        .pluck('order_id'),
    ),
  );
  return open.flat().length === 0;
}

const byGtrid = ({ gtrid }: { gtrid: string }) => gtrid;

/** Those before this one are prepared, its own branch is only noted, and nothing is decided. */
export const leftUndecided = ({ name }: Participant) =>
  leftAt({ service: name, enter: /^XA START/, names: byGtrid });
/** COMPLETE is decided, and this one's branch is prepared. */
export const leftDecided = ({ name }: Participant) =>
  leftAt({ service: name, enter: /^XA COMMIT/, names: byGtrid });

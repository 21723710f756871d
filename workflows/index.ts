/** What the workflow worker bundles: the workflow types, by the names in contracts/names.ts. */
export { adoptOrders } from './adopt';
export { deliverEvent, placeByChoreography } from './choreography';
export { drainCompensations } from './drain';
export { placeByLock } from './lock';
export { placeOrders } from './saga';
export { scanBranches } from './scan-branches';
export { placeByXa } from './xa';
export { placeByTcc } from './tcc';
export { forceConfirmations } from './force';
export { resolveOrder } from './resolve';
export { sweepReservations } from './sweep';

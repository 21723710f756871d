/** What the workflow worker bundles: the workflow types, by the names in contracts/names.ts. */
export { adoptOrders } from './recovery/adopt';
export { deliverEvent, deliverEvents, placeByChoreography } from './choreography';
export { drainCompensations } from './recovery/drain';
export { placeByLock } from './lock';
export { recoverOrders } from './recovery/look';
export { placeOrders } from './saga';
export { scanBranches } from './recovery/scan';
export { placeByXa } from './xa';
export { placeByTcc } from './tcc';
export { forceConfirmations } from './recovery/force';
export { resolveOrder } from './recovery/resolve';
export { sweepReservations } from './recovery/sweep';

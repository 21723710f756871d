/** What the workflow worker bundles: the workflow types, by the names in contracts/names.ts. */
export { adoptOrders } from './adopt';
export { drainCompensations } from './drain';
export { placeOrders } from './saga';

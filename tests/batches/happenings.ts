import fc from 'fast-check';
import type { FailureCode } from '../../contracts/failures';
import type { Decision } from '../../contracts/order';
import type { CompensationStep } from '../../contracts/participants';

/** The operations on a batch of orders in the order service's database; orders by index. */
export type Operation =
  | { kind: 'claim'; owner: string; orders: number[] }
  | { kind: 'cancel'; order: number }
  | { kind: 'decide'; verdicts: OrderVerdict[] }
  | { kind: 'hold'; orders: number[] }
  | { kind: 'register'; rows: RegistryRow[] }
  | { kind: 'record'; rows: (RegistryRow & { madeGood: boolean })[] }
  | { kind: 'close'; orders: number[] }
  /** By two adopters at once. */
  | { kind: 'adopt'; order: number };

export interface OrderVerdict {
  order: number;
  decision: Decision;
  reason: FailureCode;
  nothingTaken: boolean;
}

export interface RegistryRow {
  order: number;
  step: CompensationStep;
}

/** Concurrent operations; one whose first reply is lost is repeated. */
export type Happening = { operation: Operation; replyLost: boolean }[];

export interface Scenario {
  orderCount: number;
  happenings: Happening[];
}

const claimers = ['place-a', 'place-b', 'place-c'];

function arbitraryOperation(orders: number[]): fc.Arbitrary<Operation> {
  const some = fc.shuffledSubarray(orders, { minLength: 1 });
  const step = fc.constantFrom<CompensationStep>('restoreStock', 'refundPoints');
  const verdict = (order: number) =>
    fc.record({
      order: fc.constant(order),
      decision: fc.constantFrom<Decision>('COMPLETE', 'CANCEL'),
      reason: fc.constantFrom<FailureCode>('insufficient-stock', 'insufficient-points'),
      nothingTaken: fc.boolean(),
    });
  const row = (order: number) => fc.record({ order: fc.constant(order), step });
  const result = (order: number) =>
    fc.record({ order: fc.constant(order), step, madeGood: fc.boolean() });
  const ofEach = <T>(one: (order: number) => fc.Arbitrary<T>) =>
    some.chain((picked) => fc.tuple(...picked.map(one)));
  const pick = fc.constantFrom(...orders);
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('claim' as const),
        owner: fc.constantFrom(...claimers),
        orders: some,
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), order: pick }) },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('decide' as const), verdicts: ofEach(verdict) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('hold' as const), orders: some }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('register' as const), rows: ofEach(row) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('record' as const), rows: ofEach(result) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('close' as const), orders: some }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('adopt' as const), order: pick }) },
  );
}

/** At most six orders, so that most batches overlap. */
export function arbitraryScenario(): fc.Arbitrary<Scenario> {
  return fc.integer({ min: 2, max: 6 }).chain((orderCount) => {
    const orders = Array.from({ length: orderCount }, (_, i) => i);
    const one = fc.record({
      operation: arbitraryOperation(orders),
      replyLost: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
    });
    const happening = fc.array(one, { minLength: 1, maxLength: 4 });
    return fc.record({
      orderCount: fc.constant(orderCount),
      happenings: fc.array(happening, { minLength: 4, maxLength: 10 }),
    });
  });
}

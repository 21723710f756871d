import fc from 'fast-check';
import type { Knex } from 'knex';
import type { StepOutcome } from '../../contracts/steps';
import { Model, type Event, type ModelOrder } from './model';
import type { Participant } from './participant';

/**
 * The promise of a participant as one property. Steps come in any order, twice, late or at once,
 * and transactions are lost before their commit. Answers, balances and ledger equal the model's;
 * for two concurrent steps, the model's in one order or the other.
 */

const opening: [string, number][] = [
  ['a', 12],
  ['b', 5],
  ['c', 1],
];

/** Makes the next transaction fail just before its commit. */
export interface CrashSwitch {
  armed: boolean;
  fired: number;
}

/** A Knex whose transactions fail as the switch says. */
export function crashable(knex: Knex, crash: CrashSwitch): Knex {
  return new Proxy(knex, {
    get(target, property, receiver) {
      if (property !== 'transaction') return Reflect.get(target, property, receiver) as unknown;
      return <T>(work: (trx: Knex.Transaction) => Promise<T>) =>
        target.transaction(async (trx) => {
          const result = await work(trx);
          if (crash.armed) {
            crash.armed = false;
            crash.fired += 1;
            throw new Error('lost before the commit');
          }
          return result;
        });
    },
  });
}

function arbitraryOrders(linesMax: number): fc.Arbitrary<ModelOrder[]> {
  const takes = fc
    .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 6 })), {
      selector: ([id]) => id,
      minLength: 1,
      maxLength: linesMax,
    })
    .map((lines) => Object.fromEntries(lines));
  return fc
    .array(takes, { minLength: 3, maxLength: 5 })
    .map((all) => all.map((each, i) => ({ orderId: `o-${i}`, takes: each })));
}

type Happening = { kind: 'one'; event: Event } | { kind: 'both'; events: [Event, Event] };

function arbitraryHappenings(orders: ModelOrder[]): fc.Arbitrary<Happening[]> {
  const batch = fc.shuffledSubarray(orders, { minLength: 1 });
  const step = fc.oneof(
    batch.map((some): Event => ({ kind: 'act', orders: some })),
    batch.map((some): Event => ({ kind: 'compensate', orders: some })),
  );
  const event = fc.oneof(
    { weight: 4, arbitrary: step },
    batch.map((some): Event => ({ kind: 'act-after-crash', orders: some })),
    batch.map((some): Event => ({ kind: 'compensate-after-crash', orders: some })),
    fc
      .tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 8 }))
      .map(([id, amount]): Event => ({ kind: 'refill', id, amount })),
  );
  return fc.array(
    fc.oneof(
      { weight: 2, arbitrary: event.map((e): Happening => ({ kind: 'one', event: e })) },
      fc.tuple(step, step).map((events): Happening => ({ kind: 'both', events })),
    ),
    { minLength: 4, maxLength: 9 },
  );
}

export interface PropertyOptions {
  participant: Participant;
  crash: CrashSwitch;
  rejection: Extract<StepOutcome, { kind: 'rejected' }>;
  linesMax: number;
  runs: number;
}

/** Rejects, with fast-check's seed and path in the message, when the participant differs. */
export async function checkParticipant(options: PropertyOptions): Promise<void> {
  const { participant, rejection, linesMax, runs } = options;
  const scenario = arbitraryOrders(linesMax).chain((orders) => arbitraryHappenings(orders));
  await fc.assert(
    fc.asyncProperty(scenario, async (happenings) => {
      await participant.reset(new Map(opening));
      let model = new Model(rejection, opening);
      for (const happening of happenings) {
        model =
          happening.kind === 'one'
            ? await one(options, model, happening.event)
            : await both(options, model, happening.events);
      }
    }),
    { numRuns: runs, endOnFailure: true },
  );
}

async function perform({ participant, crash }: PropertyOptions, event: Event) {
  switch (event.kind) {
    case 'act':
      return participant.act(event.orders);
    case 'compensate':
      return participant.compensate(event.orders);
    case 'act-after-crash':
      await lost(crash, () => participant.act(event.orders));
      return participant.act(event.orders);
    case 'compensate-after-crash':
      await lost(crash, () => participant.compensate(event.orders));
      return participant.compensate(event.orders);
    case 'refill':
      await participant.refill(event.id, event.amount);
      return [];
  }
}

async function lost(crash: CrashSwitch, step: () => Promise<unknown>): Promise<void> {
  const before = crash.fired;
  crash.armed = true;
  await step().catch(() => undefined);
  if (crash.fired !== before + 1) throw new Error('The crash did not happen in its window');
}

async function one(options: PropertyOptions, model: Model, event: Event): Promise<Model> {
  const answers = await perform(options, event);
  const next = model.clone();
  expect(answers).toEqual(next.apply(event));
  expect(await seen(options.participant)).toEqual(stateOf(next));
  return next;
}

async function both(options: PropertyOptions, model: Model, events: [Event, Event]) {
  const [a, b] = events;
  const answers = await Promise.all([perform(options, a), perform(options, b)]);
  const state = await seen(options.participant);
  const serial = [
    (m: Model) => [m.apply(a), m.apply(b)],
    (m: Model) => [m.apply(b), m.apply(a)].reverse(),
  ].map((run) => {
    const next = model.clone();
    return { next, outcome: { answers: run(next), state: stateOf(next) } };
  });
  expect(serial.map(({ outcome }) => outcome)).toContainEqual({ answers, state });
  const match = serial.find(
    ({ outcome }) => JSON.stringify(outcome) === JSON.stringify({ answers, state }),
  );
  if (!match) throw new Error('Equal by jest and different as JSON: compare them the same way');
  return match.next;
}

async function seen(participant: Participant) {
  return {
    balances: [...(await participant.balances())].sort(),
    ledger: (await participant.ledger()).sort(),
  };
}

function stateOf(model: Model) {
  return { balances: [...model.balances].sort(), ledger: [...model.ledger].sort() };
}

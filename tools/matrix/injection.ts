import type { Knex } from 'knex';
import type { StepTiming } from '../../contracts/limits';
import { Caller } from './caller';
import { workerRoleOf, type WorkerRole, type TransactionMatcher } from './transaction-matcher';
import { begin, type CellOrder } from './orders';
import type { MatrixStack } from './stack';
import type { Step } from './step';
import type { Answer } from './told';
import { until } from './until';
import {
  InjectionPoint,
  type Intercepted,
  type Position,
  type InjectionSpec,
} from './injection-point';

/** One cell while it runs: its orders, its windows, and what is to be done in them. */
export class Injection {
  /** Rejects when the caller's connection or patience ended before the answer. */
  answered: Promise<Answer | undefined> = Promise.resolve(undefined);
  readonly windows: InjectionPoint[] = [];
  /** The caller who asks about the subject's order. */
  readonly caller: Caller;
  private readonly watched: { door: WorkerRole; window: InjectionPoint }[] = [];
  private readonly afterEnd: (() => Promise<void>)[] = [];
  private owing: Promise<void>[] = [];
  private placed: Promise<Answer | undefined> = Promise.resolve(undefined);
  private operated: Promise<Answer | undefined> = Promise.resolve(undefined);
  private going: () => Promise<void> = () => Promise.resolve();
  private closed = false;

  constructor(
    readonly stack: MatrixStack,
    readonly step: Step,
    readonly orders: CellOrder[],
    readonly patience: Partial<StepTiming> = {},
  ) {
    this.caller = new Caller(stack, this.subject, step.scenario.pattern);
  }

  get subject(): CellOrder {
    const found = this.orders.find(({ plan }) => plan.kind === this.step.subject);
    if (!found) throw new Error(`${this.step.scenario.name} has no order ${this.step.subject}`);
    return found;
  }

  /** The administrator's way to the step's database. */
  get database(): Knex {
    return this.stack.databases[this.step.service];
  }

  /** Opens a window on the cell's step; the first `times` transactions are caught in it. */
  window(position: Position, times = 1): InjectionPoint {
    const window = this.watch(this.step, { skip: this.step.skip, position, times });
    this.windows.push(window);
    return window;
  }

  /** Watches for transactions of the subject's order that need not be the cell's step. */
  watch(
    known: TransactionMatcher,
    how: Pick<InjectionSpec, 'skip' | 'position' | 'times'>,
  ): InjectionPoint {
    const { orderId } = this.subject;
    const gtrid = this.stack.gtridOf(orderId);
    const name = known.names?.({ orderId, gtrid }) ?? orderId;
    const window = new InjectionPoint({
      ...how,
      enter: known.enter,
      name,
      ...(known.opens && { opens: known.opens }),
    });
    this.watched.push({ door: workerRoleOf(known), window });
    this.stack.watch(workerRoleOf(known), window);
    return window;
  }

  /** Something of this cell needs to be looked at no more. */
  unwatch(known: TransactionMatcher, window: InjectionPoint): void {
    this.stack.unwatch(workerRoleOf(known), window);
  }

  /** Lets the scenario begin, unless it had to before its windows were opened. */
  async begin(): Promise<void> {
    if (this.step.resumes) await this.arrangement?.go?.(this);
    else await this.start();
  }

  /** Lets the scenario begin, and waits until its step is caught there. */
  async caught(
    position: Position,
    times = 1,
  ): Promise<{ window: InjectionPoint; hit: Intercepted }> {
    const window = this.window(position, times);
    await this.begin();
    return { window, hit: await window.hit() };
  }

  /** Runs the scenario up to where its order waits, for a step that is broken only then. */
  async prepare(): Promise<void> {
    if (!this.step.resumes) return;
    const begun = this.arrangement?.begins?.(this);
    // The code that waits for it is told below.
    begun?.catch(() => undefined);
    await this.start();
    await Promise.all(this.owing);
    await begun;
    await this.arrangement?.waits?.(this);
  }

  /** Once the fault was made: what was held off, so that the step is made, may end the order. */
  async letGo(): Promise<void> {
    if (this.step.resumes) await this.arrangement?.letGo?.(this);
  }

  /** For what can only be done when the orders have ended, such as a late arrival. */
  whenEnded(act: () => Promise<void>): void {
    this.afterEnd.push(act);
  }

  /** What makes the step, and goes on while the fault is made. */
  whenGone(through: () => Promise<void>): void {
    this.going = through;
  }

  /** Resolves once it is through. */
  gone(): Promise<void> {
    return this.going();
  }

  /** Does what was left for the end. */
  async finish(): Promise<void> {
    for (const act of this.afterEnd) await act();
  }

  /** A caller who got no answer places the same order again, until the outcome is told. */
  async insist(): Promise<Answer | undefined> {
    const { step, caller } = this;
    if (step.scenario.start !== 'place') return undefined;
    const placed = this.placed.catch(() =>
      caller.insist(
        () => caller.place(),
        () => this.isClosed,
      ),
    );
    // What an operator has asked for may be done although nobody told him: he looks at the order.
    await this.operated.catch(() => undefined);
    return placed;
  }

  /** An operator calls: from now on he is the one who waits for an answer. */
  operate(call: (caller: Caller) => Promise<Answer>): void {
    this.operated = call(this.caller);
    this.operated.catch(() => undefined);
    this.answered = this.operated;
  }

  /** The cell is over, or has failed: nothing need wait for it any more. */
  get isClosed(): boolean {
    return this.closed;
  }

  close(): void {
    this.closed = true;
    for (const { door, window } of this.watched) {
      this.stack.unwatch(door, window);
      for (const hit of window.rest()) hit.release();
    }
  }

  private get arrangement() {
    return this.step.scenario.arrangement;
  }

  private async start(): Promise<void> {
    const { scenario } = this.step;
    const owed = scenario.owes ?? [];
    this.owing = owed.map((known) => this.cutUntilPending(known));
    // The code that waits for it is told. When the cell has failed nothing waits: that is no crash.
    for (const one of this.owing) one.catch(() => undefined);
    const { stack, orders, caller, patience } = this;
    const { answered } = await begin(stack, scenario, orders, caller, patience);
    this.placed = answered;
    this.answered = answered;
  }

  /** Cuts every try of what is owed until the order waits for it. */
  private async cutUntilPending(owed: TransactionMatcher): Promise<void> {
    const { orderId } = this.subject;
    const window = this.watch(owed, { skip: 0, position: 'begin', times: Infinity });
    await until(`${orderId} is PENDING`, async () => {
      for (const hit of window.rest()) hit.cut();
      const row: unknown = await this.stack.databases
        .order('orders')
        .where({ order_id: orderId, status: 'PENDING' })
        .first('order_id');
      return row !== undefined;
    });
    await this.arrangement?.holdsOff?.(this);
    this.unwatch(owed, window);
    for (const hit of window.rest()) hit.cut();
  }
}

import type { Knex } from 'knex';
import type { StepTiming } from '../contracts/limits';
import { begin, insist, place, type CellOrder } from './orders';
import type { MatrixStack } from './stack';
import { doorOf, type Step } from './step';
import { until } from './until';
import { Window, type Position } from './window';

/** One cell while it runs: its orders, its windows, and what is to be done in them. */
export class Injection {
  /** Rejects when the caller's connection or patience ended before the answer. */
  answered: Promise<unknown> = Promise.resolve();
  readonly windows: Window[] = [];
  private readonly afterEnd: (() => Promise<void>)[] = [];
  private owing: Promise<void> = Promise.resolve();

  constructor(
    readonly stack: MatrixStack,
    readonly step: Step,
    readonly orders: CellOrder[],
    readonly patience: Partial<StepTiming> = {},
  ) {}

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
  window(position: Position, times = 1): Window {
    const { enter, skip } = this.step;
    const window = new Window({ enter, skip, position, times, orderId: this.subject.orderId });
    this.windows.push(window);
    this.stack.watch(doorOf(this.step), window);
    return window;
  }

  /** Lets the scenario begin, unless it had to before its windows were opened. */
  async begin(): Promise<void> {
    if (this.step.driver !== 'drain') await this.start();
    else await this.owing;
  }

  /** Runs the scenario up to where its compensation is in the registry. */
  async prepare(): Promise<void> {
    if (this.step.driver !== 'drain') return;
    await this.start();
    await this.owing;
  }

  /** For what can only be done when the orders have ended, such as a late arrival. */
  whenEnded(act: () => Promise<void>): void {
    this.afterEnd.push(act);
  }

  /** Does what was left for the end. */
  async finish(): Promise<void> {
    for (const act of this.afterEnd) await act();
  }

  /** A caller who got no answer places the same order again, until the outcome is told. */
  async insist(): Promise<void> {
    if (this.step.scenario.start !== 'place') return;
    await this.answered.catch(() =>
      insist(() => place(this.stack, this.subject, this.step.scenario.pattern)),
    );
  }

  close(): void {
    for (const window of this.windows) {
      this.stack.unwatch(doorOf(this.step), window);
      for (const hit of window.rest()) hit.release();
    }
  }

  private async start(): Promise<void> {
    const { scenario } = this.step;
    if (scenario.owes) this.owing = this.refuseUntilRegistered(scenario.owes);
    // Whoever waits for it is told; that nobody does, because the cell has failed, is no crash.
    this.owing.catch(() => undefined);
    const { answered } = await begin(this.stack, scenario, this.orders, this.patience);
    this.answered = answered;
  }

  /** Cuts every try of the compensation until the registry has it. */
  private async refuseUntilRegistered(name: 'restoreStock' | 'refundPoints'): Promise<void> {
    const { orderId } = this.subject;
    const service = name === 'restoreStock' ? 'product' : 'point';
    const enter = new RegExp(`^INSERT INTO steps .*'${name}'`);
    const window = new Window({ enter, skip: 0, position: 'begin', times: Infinity, orderId });
    this.stack.watch(service, window);
    await until(`${name} of ${orderId} is in the registry`, async () => {
      for (const hit of window.rest()) hit.cut();
      const row: unknown = await this.stack.databases
        .order('compensations')
        .where({ order_id: orderId, status: 'PENDING' })
        .first('step');
      return row !== undefined;
    });
    this.stack.unwatch(service, window);
    for (const hit of window.rest()) hit.cut();
  }
}

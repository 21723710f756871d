import type { HttpBindings } from '@hono/node-server';
import type { Api } from '../../api/app';

/** An app whose answers the test releases. */
export class HeldApp {
  readonly asked: string[] = [];
  /** The turn of the event loop in which each request came. */
  readonly turns: number[] = [];
  readonly outgoing: HttpBindings['outgoing'][] = [];
  turn = 0;
  active = 0;
  activeMax = 0;
  /** `undefined` holds the request. */
  body: ((path: string) => string) | undefined = (path) => path;
  private readonly held: (() => void)[] = [];

  readonly api = {
    fetch: async (request: Request, env: unknown) => {
      const { outgoing } = env as HttpBindings;
      const { pathname } = new URL(request.url);
      this.asked.push(pathname);
      this.turns.push(this.turn);
      this.outgoing.push(outgoing);
      this.activeMax = Math.max(this.activeMax, ++this.active);
      outgoing.once('finish', () => this.active--);
      while (!this.body) await new Promise<void>((resolve) => this.held.push(resolve));
      return new Response(this.body(pathname));
    },
    close: () => Promise.resolve(),
  } as unknown as Api;

  release(): void {
    this.body = (path) => path;
    for (const resolve of this.held.splice(0)) resolve();
  }

  hold(): void {
    this.body = undefined;
  }

  async isAsked(count: number): Promise<void> {
    while (this.asked.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

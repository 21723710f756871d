import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { errorNumber, PacketReader, queryText } from './mysql-packets';
import type { Position, InjectionPoint } from './injection-point';

/**
 * A way to one database that understands enough of MySQL's protocol to stop a transaction at a
 * named place, to lose a reply, or to be gone for a while.
 */
export class MysqlProxy {
  readonly windows = new Set<InjectionPoint>();
  private readonly connections = new Set<ProxiedConnection>();
  private refuses = false;
  /** Connections that were refused. */
  refused = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: { host: string; port: number },
    readonly lane: string,
  ) {}

  static async start(target: { host: string; port: number }, lane: string): Promise<MysqlProxy> {
    const server = createServer();
    const proxy = new MysqlProxy(server, target, lane);
    server.on('connection', (client) => {
      proxy.accept(client);
    });
    await new Promise<void>((resolve) => server.listen(0, target.host, resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Cuts every connection, and refuses new ones until told otherwise. */
  refuse(refuses: boolean): void {
    this.refuses = refuses;
    if (refuses) for (const connection of this.connections) connection.cut();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.refuse(true);
    await closed;
  }

  private accept(client: Socket): void {
    if (this.refuses) {
      this.refused += 1;
      client.destroy();
      return;
    }
    const server = connect(this.target.port, this.target.host);
    const connection = new ProxiedConnection(client, server, this);
    this.connections.add(connection);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => {
        connection.cut();
      });
      socket.on('close', () => {
        connection.cut();
        this.connections.delete(connection);
      });
    }
  }
}

/** One client's connection, and the transaction that is open on it. */
class ProxiedConnection {
  private readonly commands = new PacketReader();
  private readonly answers = new PacketReader();
  /** The step whose transaction this is, once its first statement was seen. */
  private step: InjectionPoint | undefined;
  private statements: string[] = [];
  /** While something is held here, what comes after it waits behind it. */
  private held: Promise<void> = Promise.resolve();
  private holding = false;
  private inTransaction = false;
  /** Nothing was said in the transaction yet. */
  private isNew = true;
  private committing = false;
  private readonly replies: Buffer[] = [];
  private replyHeld = false;

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly proxy: MysqlProxy,
  ) {
    client.on('data', (data) => {
      if (!this.holding) this.forward(data);
      else
        this.held = this.held.then(() => {
          this.forward(data);
        });
    });
    server.on('data', (data) => {
      this.answer(data);
    });
  }

  cut(): void {
    if (this.step) this.step.cut += 1;
    this.end();
    this.client.destroy();
    this.server.destroy();
  }

  private forward(data: Buffer): void {
    for (const packet of this.commands.read(data)) {
      const statement = queryText(packet);
      if (statement === undefined) continue;
      const positions = this.advance(statement);
      if (positions.some((position) => this.step?.catches(position))) {
        this.hold(() => this.server.write(data));
        return;
      }
    }
    this.server.write(data);
  }

  /** Follows the transaction; answers the positions of the step that this statement is at. */
  private advance(statement: string): Position[] {
    const [verb = ''] = statement.toUpperCase().match(/^(XA )?[A-Z]+/) ?? [];
    const begins = verb === 'BEGIN' || verb === 'XA START';
    if (begins) this.inTransaction = true;
    const isFirst = this.isNew || !this.inTransaction;
    this.isNew = begins;
    if (/^rollback$/i.test(statement.replace(';', '').trim())) this.end();
    const isBranch = verb.startsWith('XA ');
    if (verb === 'XA ROLLBACK' && this.step) this.end();
    // What a branch has done is kept from its PREPARE on, or, having nothing to be decided, from a
    // COMMIT of its own; the COMMIT of what is prepared is a statement by itself.
    const keeps = ['COMMIT', 'XA PREPARE'].includes(verb) || (verb === 'XA COMMIT' && this.step);
    if (keeps) {
      this.inTransaction = false;
      this.committing = this.step !== undefined;
      return this.step ? ['inside'] : [];
    }
    this.statements.push(statement);
    if (this.step) {
      if (!isBranch) this.step.sent += 1;
      return [];
    }
    this.step = [...this.proxy.windows].find((window) => window.enters(statement, isFirst));
    if (!this.step) {
      this.statements = [];
      return [];
    }
    this.step.sent = isBranch ? 0 : 1;
    if (this.inTransaction) return ['begin'];
    // A statement by itself is a transaction by itself: its answer is its commit's.
    this.committing = true;
    return ['begin', 'inside'];
  }

  private answer(data: Buffer): void {
    if (this.replyHeld) {
      this.replies.push(data);
      return;
    }
    const { step } = this;
    const errors = this.answers.read(data).flatMap((packet) => errorNumber(packet) ?? []);
    step?.errors.push(...errors);
    if (step && this.committing) {
      this.committing = false;
      const isMade = errors.length === 0;
      if (isMade) step.committed.push(this.statements.join('; '));
      if (isMade && step.catches('made')) {
        this.replyHeld = true;
        this.replies.push(data);
        this.hold(() => {
          this.replyHeld = false;
          for (const reply of this.replies.splice(0)) this.client.write(reply);
          this.end();
        });
        return;
      }
      this.end();
    }
    this.client.write(data);
  }

  /** Stops here until the fault has been injected. */
  private hold(goOn: () => void): void {
    const step = this.step;
    this.holding = true;
    let release: () => void = () => undefined;
    this.held = new Promise<void>((resolve) => (release = resolve));
    step?.take({
      lane: this.proxy.lane,
      said: this.statements.join('; '),
      release: () => {
        this.holding = false;
        goOn();
        release();
      },
      cut: () => {
        this.cut();
      },
    });
  }

  private end(): void {
    if (this.step) this.step.ended += 1;
    this.step = undefined;
    this.statements = [];
    this.inTransaction = false;
    this.committing = false;
  }
}

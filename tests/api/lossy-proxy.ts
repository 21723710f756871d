import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A proxy to the database that loses what a real network may lose. */
export class LossyProxy {
  /** Loses the replies of so many next COMMITs, with the connection, after they succeed. */
  commitRepliesToLose = 0;
  /** Loses so many next COMMITs, with the connection, before they reach the server. */
  commitsToLose = 0;
  /** Freezes the next connection that sends this: it is executed, and the reply never comes. */
  freezeAfter: string | undefined;
  private readonly sockets = new Set<Socket>();
  private frozen = false;
  private port = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: { host: string; port: number },
  ) {}

  static async start(target: { host: string; port: number }): Promise<LossyProxy> {
    const server = createServer();
    const proxy = new LossyProxy(server, target);
    server.on('connection', (client) => {
      proxy.forward(client);
    });
    await proxy.listen();
    return proxy;
  }

  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.port };
  }

  /** Listens again on the same port after a stop. */
  async listen(): Promise<void> {
    if (this.server.listening) return;
    const { host, port } = this.address;
    await new Promise<void>((resolve) => this.server.listen(port, host, resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** The URL of a database through this proxy. */
  through(url: string): string {
    const proxied = new URL(url);
    proxied.hostname = this.address.host;
    proxied.port = String(this.port);
    return proxied.href;
  }

  /** Drops everything silently. */
  freeze(): void {
    this.frozen = true;
  }

  /** Refuses connections, and cuts the existing ones. */
  async stop(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private forward(client: Socket): void {
    const server = connect(this.target.port, this.target.host);
    const end = () => {
      client.destroy();
      server.destroy();
    };
    let replyIsLost = false;
    let frozen = false;
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', end).on('close', end);
    }
    client.on('data', (data) => {
      if (this.frozen) return;
      // With its semicolon, as knex sends it: every session begins with SET … READ-COMMITTED.
      if (data.includes('COMMIT;')) {
        if (this.commitsToLose-- > 0) {
          end();
          return;
        }
        replyIsLost = this.commitRepliesToLose-- > 0;
      }
      if (this.freezeAfter !== undefined && data.includes(this.freezeAfter)) {
        this.freezeAfter = undefined;
        frozen = true;
      }
      server.write(data);
    });
    server.on('data', (data) => {
      if (this.frozen || frozen) return;
      if (replyIsLost) end();
      else client.write(data);
    });
  }
}

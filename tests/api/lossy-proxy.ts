import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to the database that loses what a real network may lose. */
export class LossyProxy {
  /** So many of the next COMMITs are made, and their replies lost with the connection. */
  commitRepliesToLose = 0;
  /** So many of the next COMMITs are lost with the connection, and never made. */
  commitsToLose = 0;
  private readonly sockets = new Set<Socket>();
  private frozen = false;

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
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** The URL of a database, by this way. */
  through(url: string): string {
    const { port } = this.server.address() as AddressInfo;
    const proxied = new URL(url);
    proxied.hostname = '127.0.0.1';
    proxied.port = String(port);
    return proxied.href;
  }

  /** Nothing gets through any more, and nobody is told. */
  freeze(): void {
    this.frozen = true;
  }

  /** Refuses connections, and cuts those that are. */
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
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', end).on('close', end);
    }
    client.on('data', (data) => {
      if (this.frozen) return;
      // With its semicolon, as knex sends it: every session is set to READ-COMMITTED.
      if (data.includes('COMMIT;')) {
        if (this.commitsToLose-- > 0) {
          end();
          return;
        }
        replyIsLost = this.commitRepliesToLose-- > 0;
      }
      server.write(data);
    });
    server.on('data', (data) => {
      if (this.frozen) return;
      if (replyIsLost) end();
      else client.write(data);
    });
  }
}

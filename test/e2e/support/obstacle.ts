/** What stands between the product and a server: lets everything through until it is told to refuse or to be silent. */
import { createServer, connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface Obstacle {
  readonly port: number;
  /** Breaks every connection and refuses new ones, as a server that is not there. */
  refuse(): Promise<void>;
  /** Keeps connections and takes new ones, and answers nobody, as a server that hangs. */
  silence(): void;
  /** Lets everything through again. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Starts one before the server on this port of 127.0.0.1. */
export async function placeObstacle(serverPort: number): Promise<Obstacle> {
  const sockets = new Set<Socket>();
  let isSilent = false;
  let isClosed = false;

  const listener = createServer((client) => {
    const server = connect(serverPort, '127.0.0.1');
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      if (isSilent) socket.pause();
    }
    forward(client, server);
    forward(server, client);
  });

  const forward = (from: Socket, to: Socket): void => {
    from.on('data', (data: Buffer) => void to.write(data));
    from.on('end', () => void to.end());
    from.on('error', () => void to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };

  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(port, '127.0.0.1', () => {
        listener.off('error', reject);
        resolve();
      });
    });

  const breakAll = (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => {
      if (isClosed) {
        resolve();
        return;
      }
      isClosed = true;
      listener.close(() => {
        resolve();
      });
    });
  };

  await listen(0);
  const { port } = listener.address() as AddressInfo;
  return {
    port,
    refuse: breakAll,
    silence() {
      isSilent = true;
      for (const socket of sockets) socket.pause();
    },
    async clear() {
      isSilent = false;
      for (const socket of sockets) socket.resume();
      if (!isClosed) return;
      await listen(port);
      isClosed = false;
    },
    close: breakAll,
  };
}

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Ports of 127.0.0.1 on which nothing listens. They lie below the range that systems use for outgoing connections:
 * otherwise a client that retries a server that is down can be given the server's own port.
 */
export async function freePorts<const Names extends readonly string[]>(
  ...names: Names
): Promise<{ readonly [Name in Names[number]]: number }> {
  const ports = new Set<number>();
  while (ports.size < names.length) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) ports.add(port);
  }
  const chosen = [...ports];
  return Object.fromEntries(names.map((name, index) => [name, chosen[index]])) as { [Name in Names[number]]: number };
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

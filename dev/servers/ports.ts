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

/** The wanted port, or a free one. Fails when something listens there already: its answers would pass for the server's. */
export async function portFor(server: string, wanted: number | undefined): Promise<number> {
  if (wanted === undefined) return (await freePorts('port')).port;
  if (await isFree(wanted)) return wanted;
  throw new Error(
    `${server} cannot use port ${String(wanted)}: another process listens there. End it, or name another.`,
  );
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

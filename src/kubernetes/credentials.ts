/** The connection pool and the headers of a kubeconfig, kept as fresh as the files and tokens behind them. */
import { Agent as HttpAgent } from 'node:http';
import type { RequestOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { RequestOptions as HttpsOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

export interface Credentials {
  /** Host, agent and headers of a request. The agent stays the same for as long as the certificates do. */
  read(): Promise<RequestOptions>;
  /** Makes the next read ask the kubeconfig again: the server refused what we have. */
  forget(): void;
  close(): void;
}

/** Tokens and certificates are renewed under the same path, so they are read again this often. */
const LIFE_MS = 30_000;

/** Reading is cheap between two renewals: client-node reads the files and makes a connection pool at every call. */
export function credentialsOf(config: KubeConfig): Credentials {
  const cluster = config.getCurrentCluster();
  const base = new URL(cluster?.server ?? '');
  const proxied = cluster?.proxyUrl !== undefined;
  let known: RequestOptions | undefined;
  let knownUntil = 0;
  let agent: HttpAgent | undefined;
  let agentKey = '';

  const agentFor = (read: HttpsOptions): HttpAgent => {
    if (proxied) return read.agent as HttpAgent;
    const { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized } = read;
    const given = Object.entries({ ca, cert, key, pfx, passphrase, servername, rejectUnauthorized });
    const tls = Object.fromEntries(given.filter(([, value]) => value !== undefined));
    const tlsKey = JSON.stringify(tls);
    if (agent === undefined || tlsKey !== agentKey) {
      agent =
        base.protocol === 'https:' ? new HttpsAgent({ keepAlive: true, ...tls }) : new HttpAgent({ keepAlive: true });
      agentKey = tlsKey;
    }
    return agent;
  };

  return {
    async read() {
      if (known !== undefined && Date.now() < knownUntil) return known;
      const read: HttpsOptions = {};
      await config.applyToHTTPSOptions(read);
      agent = agentFor(read);
      known = {
        agent,
        host: base.hostname.replace(/^\[|\]$/g, ''),
        port: base.port,
        headers: { ...(read.headers as Record<string, string> | undefined), accept: 'application/json' },
        ...(typeof read.auth === 'string' ? { auth: read.auth } : {}),
      };
      knownUntil = Date.now() + LIFE_MS;
      return known;
    },
    forget() {
      knownUntil = 0;
    },
    close() {
      agent?.destroy();
    },
  };
}

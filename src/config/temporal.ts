/** How to reach the Temporal server, from the keys of the section temporal. */
import { readFileSync } from 'node:fs';
import type { Config } from './read.ts';

export interface TemporalTls {
  readonly serverRootCACertificate?: Buffer;
  readonly clientCertPair?: { readonly crt: Buffer; readonly key: Buffer };
  readonly serverNameOverride?: string;
}

/** TLS settings and API key in the words of Temporal's SDK. Reads their files each time. */
export function temporalSecurity({ temporal }: Pick<Config, 'temporal'>): {
  readonly tls?: TemporalTls;
  readonly apiKey?: string;
} {
  const { tls, apiKeyFile } = temporal;
  const apiKey = apiKeyFile === '' ? undefined : readFileSync(apiKeyFile, 'utf8').trim();
  if (!tls.enabled && apiKey === undefined) return {};
  return {
    tls: {
      ...(tls.caFile === '' ? {} : { serverRootCACertificate: readFileSync(tls.caFile) }),
      ...(tls.certFile === ''
        ? {}
        : { clientCertPair: { crt: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) } }),
      ...(tls.serverName === '' ? {} : { serverNameOverride: tls.serverName }),
    },
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}

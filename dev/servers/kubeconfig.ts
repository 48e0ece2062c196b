import { writeFileSync } from 'node:fs';

/** How to reach an API server as its administrator. */
export interface Access {
  readonly url: string;
  readonly token: string;
  /** Certificates that the server's own must descend from, PEM. */
  readonly authority: Buffer;
}

/** Writes a kubeconfig for kubectl and client libraries; only its owner may read it. */
export function writeKubeconfig(file: string, access: Access): void {
  const name = 'kubernaut-local';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [
      { name, cluster: { server: access.url, 'certificate-authority-data': access.authority.toString('base64') } },
    ],
    users: [{ name, user: { token: access.token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
  };
  // JSON is YAML.
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUDIT_POLICY, CONTROLLERS_USER } from './audit-policy.ts';
import { probeHttps } from './https-probe.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { portFor } from './ports.ts';
import { startProcess, untilReady } from './process.ts';
import type { ServerProcess } from './process.ts';

/** Where an API server keeps its keys and logs, and what it serves from. */
export interface KubeApiserverOptions {
  readonly binary: string;
  readonly folder: string;
  readonly etcdUrl: string;
  /** A free one by default; name the former to come back after a stop. */
  readonly port?: number;
  readonly survive?: boolean;
}

/** A running API server. */
export interface KubeApiserver extends ServerProcess {
  readonly url: string;
  readonly port: number;
  /** Path of a kubeconfig with every right. */
  readonly kubeconfig: string;
  /** The same for the controllers, whose requests can so be told from others. */
  readonly controllersKubeconfig: string;
  /** Path of the audit log, one JSON object a line: AUDIT_POLICY says which requests. */
  readonly auditLog: string;
}

/** Starts kube-apiserver with RBAC, a certificate of its own making and one administrator; waits for readiness. */
export async function startKubeApiserver(options: KubeApiserverOptions): Promise<KubeApiserver> {
  const port = await portFor('kube-apiserver', options.port);
  const url = `https://127.0.0.1:${String(port)}`;
  const file = (name: string): string => join(options.folder, name);
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const tokens = prepareCredentials(file);
  writeFileSync(file('audit-policy.json'), JSON.stringify(AUDIT_POLICY, null, 2));
  const auditLog = file('audit.log');
  const server = startProcess({
    name: 'kube-apiserver',
    command: options.binary,
    args: [
      `--etcd-servers=${options.etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${String(port)}`,
      `--cert-dir=${options.folder}`,
      '--authorization-mode=RBAC',
      `--token-auth-file=${file('users.csv')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${file('service-account.pub')}`,
      `--service-account-signing-key-file=${file('service-account.key')}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      // Without nodes there is neither a service to reach nor a pod that needs its account.
      '--endpoint-reconciler-type=none',
      '--disable-admission-plugins=ServiceAccount',
      '--profiling=false',
      `--audit-log-path=${auditLog}`,
      `--audit-policy-file=${file('audit-policy.json')}`,
    ],
    logFile: file('kube-apiserver.log'),
    // Open watches would keep a graceful shutdown waiting, and etcd holds everything that matters.
    stopSignal: 'SIGKILL',
    survive: options.survive ?? false,
  });
  // The last thing to appear after a first start is the default namespace.
  for (const path of ['/readyz', '/api/v1/namespaces/default']) {
    await untilReady(server, () => probeHttps(`${url}${path}`, file('apiserver.crt'), tokens.admin));
  }
  const authority = readFileSync(file('apiserver.crt'));
  const kubeconfig = file('kubeconfig');
  const controllersKubeconfig = file('controllers.kubeconfig');
  writeKubeconfig(kubeconfig, { url, token: tokens.admin, authority });
  writeKubeconfig(controllersKubeconfig, { url, token: tokens.controllers, authority });
  return { ...server, url, port, kubeconfig, controllersKubeconfig, auditLog };
}

interface Tokens {
  readonly admin: string;
  readonly controllers: string;
}

/** Writes keys and tokens, unless an earlier start has. */
function prepareCredentials(file: (name: string) => string): Tokens {
  if (!existsSync(file('users.csv'))) {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    writeFileSync(file('service-account.pub'), publicKey);
    writeFileSync(file('service-account.key'), privateKey, { mode: 0o600 });
    const users = ['admin', CONTROLLERS_USER];
    const lines = users.map((user) => `${randomBytes(24).toString('hex')},${user},${user},system:masters\n`);
    writeFileSync(file('users.csv'), lines.join(''), { mode: 0o600 });
  }
  const [admin = '', controllers = ''] = readFileSync(file('users.csv'), 'utf8')
    .split('\n')
    .map((line) => line.split(',')[0] ?? '');
  return { admin, controllers };
}

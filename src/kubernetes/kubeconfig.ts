/** Which cluster to talk to, and with which credentials. */
import { KubeConfig } from '@kubernetes/client-node';
import { InvalidRequestError } from '../errors.ts';

export interface KubeconfigChoice {
  /** Path of a kubeconfig file; absent: KUBECONFIG, then the home folder, then the pod's service account. */
  readonly kubeconfig?: string | undefined;
  /** Name of a context in it; absent: its current one. */
  readonly context?: string | undefined;
}

/** Reads the kubeconfig, or the pod's service account. A fault is told in one sentence with what to do. */
export function loadKubeconfig(choice: KubeconfigChoice = {}): KubeConfig {
  const config = new KubeConfig();
  const source = choice.kubeconfig ?? process.env['KUBECONFIG'] ?? 'the default kubeconfig';
  try {
    if (choice.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(choice.kubeconfig);
  } catch (cause) {
    throw new InvalidRequestError('INVALID_CONFIG', `Cannot read ${source}`, { cause });
  }
  if (choice.context !== undefined) {
    if (config.getContextObject(choice.context) === null)
      throw new InvalidRequestError(
        'INVALID_CONFIG',
        `${source} has no context ${choice.context}; it has ${config.contexts.map((c) => c.name).join(', ')}`,
      );
    config.setCurrentContext(choice.context);
  }
  const server = config.getCurrentCluster()?.server;
  if (server === undefined || (choice.kubeconfig === undefined && isFallback(config)))
    throw new InvalidRequestError(
      'INVALID_CONFIG',
      'No cluster is configured: set KUBECONFIG or --kubeconfig, or run in a pod with a service account',
    );
  return config;
}

/** What client-node makes up when it finds nothing: a server that answers nobody. */
const isFallback = (config: KubeConfig): boolean => config.getCurrentCluster()?.server === 'http://localhost:8080';

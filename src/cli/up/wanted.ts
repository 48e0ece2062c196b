/** What `rrctl up` is asked for: which servers are named, and the configuration once the others are started. */
import { isGiven, readConfig } from '../../config/read.ts';
import type { Config } from '../../config/read.ts';
import { createKubernetesClient } from '../../kubernetes/client.ts';
import type { KubeconfigChoice } from '../../kubernetes/kubeconfig.ts';
import type { GlobalOptions } from '../places.ts';
import type { UpInput } from '../ports.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface UpOptions extends GlobalOptions, UpInput {
  readonly verbose: boolean;
}

export interface Wanted {
  readonly cluster: KubeconfigChoice;
  /** The configuration with the servers named, or with their defaults in place of those to be started. */
  readonly configWith: (servers: { readonly postgres?: string; readonly temporal?: string }) => Config;
  readonly needsPostgres: boolean;
  readonly needsTemporal: boolean;
}

/** Finds every fault of the command line and the configuration before anything is started. */
export function wantedOf(options: UpOptions, env: Environment): Wanted {
  const { config: file, kubeconfig, context } = options;
  const cluster = { kubeconfig, context };
  const namespace = options.namespace ?? env['KUBERNAUT_CONTROLLER_NAMESPACE'] ?? contextNamespace(cluster);
  const variable = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const postgresUrl = options.postgresUrl ?? variable('KUBERNAUT_POSTGRES_URL');
  const temporalAddress = options.temporalAddress ?? variable('TEMPORAL_ADDRESS');
  const temporalNamespace = options.temporalNamespace ?? variable('TEMPORAL_NAMESPACE');
  const configWith: Wanted['configWith'] = ({ postgres, temporal }) =>
    readConfig({
      file: file ?? '',
      env,
      flags: {
        namespace,
        postgresUrl: postgresUrl ?? postgres,
        temporalAddress: temporalAddress ?? temporal,
        temporalNamespace,
        healthProbeAddr: options.health,
        metricsAddr: options.health,
      },
    });
  const needsPostgres = postgresUrl === undefined && !isGiven(file, 'postgres.url') && !isGiven(file, 'postgres.host');
  const needsTemporal = temporalAddress === undefined && !isGiven(file, 'temporal.address');
  configWith(needsPostgres ? { postgres: 'postgres://postgres@127.0.0.1/kubernaut' } : {});
  return { cluster, configWith, needsPostgres, needsTemporal };
}

/** The namespace of the context; also the moment when a missing kubeconfig is noticed. */
function contextNamespace(cluster: KubeconfigChoice): string | undefined {
  const client = createKubernetesClient(cluster);
  client.close();
  return client.contextNamespace;
}

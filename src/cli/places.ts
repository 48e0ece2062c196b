/** Finds out where the servers are: flags first, then the environment, a configuration file, a running `rrctl up`, defaults. */
import { existsSync } from 'node:fs';
import { readConnection, stateFolder } from '../config/connection-file.ts';
import { connectionString, withoutSecrets } from '../config/postgres.ts';
import { readConfig } from '../config/read.ts';
import type { Config } from '../config/read.ts';
import { temporalSecurity } from '../config/temporal.ts';
import type { TemporalTls } from '../config/temporal.ts';
import { InvalidRequestError } from '../errors.ts';
import { textOf } from './command.ts';
import type { Options } from './command.ts';

/** The flags that every command has. */
export interface GlobalOptions {
  readonly namespace: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly config: string | undefined;
  readonly postgresUrl: string | undefined;
  readonly temporalAddress: string | undefined;
  readonly temporalNamespace: string | undefined;
}

export interface Places {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** Undefined when only the context of the kubeconfig can tell. */
  readonly namespace: string | undefined;
  /** Undefined when nothing names a database. */
  readonly postgres: { readonly url: string; readonly shown: string } | undefined;
  readonly temporal: {
    readonly address: string;
    readonly namespace: string;
    readonly tls?: TemporalTls;
    readonly apiKey?: string;
  };
  readonly temporalUi: string | undefined;
}

/** The flags among the options of a command line. */
export const globalOptions = (options: Options): GlobalOptions => ({
  namespace: textOf(options, 'namespace'),
  kubeconfig: textOf(options, 'kubeconfig'),
  context: textOf(options, 'context'),
  config: textOf(options, 'config'),
  postgresUrl: textOf(options, 'postgresUrl'),
  temporalAddress: textOf(options, 'temporalAddress'),
  temporalNamespace: textOf(options, 'temporalNamespace'),
});

/** Where everything is. A configuration file that is named must be valid. */
export function findPlaces(flags: GlobalOptions, env: Readonly<Record<string, string | undefined>>): Places {
  const running = readConnection(stateFolder(env));
  const variable = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const namespace = flags.namespace ?? variable('KUBERNAUT_CONTROLLER_NAMESPACE');
  const config = configOf(flags, env, namespace);
  const url =
    flags.postgresUrl ??
    variable('KUBERNAUT_POSTGRES_URL') ??
    (config === undefined ? running?.postgresUrl : connectionString(config.postgres));
  return {
    kubeconfig: flags.kubeconfig ?? (variable('KUBECONFIG') === undefined ? readable(running?.kubeconfig) : undefined),
    context:
      flags.context ?? (flags.kubeconfig === undefined && !variable('KUBECONFIG') ? running?.context : undefined),
    namespace: namespace ?? running?.namespace,
    postgres: url === undefined ? undefined : { url, shown: withoutSecrets(url) },
    temporal: {
      ...(config === undefined ? {} : temporalSecurity(config)),
      address:
        flags.temporalAddress ??
        variable('TEMPORAL_ADDRESS') ??
        config?.temporal.address ??
        running?.temporalAddress ??
        '127.0.0.1:7233',
      namespace:
        flags.temporalNamespace ??
        variable('TEMPORAL_NAMESPACE') ??
        config?.temporal.namespace ??
        running?.temporalNamespace ??
        'kubernaut',
    },
    temporalUi: variable('KUBERNAUT_TEMPORAL_UI') ?? running?.temporalUi,
  };
}

/** The address of the database, or an error that lists the ways to name it. */
export function postgresOf({ postgres }: Places): { readonly url: string; readonly shown: string } {
  if (postgres !== undefined) return postgres;
  throw new InvalidRequestError(
    'INVALID_CONFIG',
    'Which PostgreSQL? Name it with --postgres-url, KUBERNAUT_POSTGRES_URL or --config, or start `rrctl up`.',
  );
}

/** The namespace is of no concern to every command, so its absence is no fault here. */
function configOf(
  { config: file, postgresUrl }: GlobalOptions,
  env: Readonly<Record<string, string | undefined>>,
  namespace: string | undefined,
): Config | undefined {
  if (file === undefined) return undefined;
  const { KUBERNAUT_CONTROLLER_NAMESPACE: _, ...others } = env;
  return readConfig({ file, env: others, flags: { namespace: namespace ?? 'default', postgresUrl } });
}

const readable = (file: string | undefined): string | undefined =>
  file !== undefined && existsSync(file) ? file : undefined;

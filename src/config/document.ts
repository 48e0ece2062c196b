/** Writes docs/configuration.md from the schema, so that it cannot say anything else. */
import { WITHOUT_EFFECT, whyWithoutEffect } from './effects.ts';
import { KEYS } from './keys.ts';
import type { Key } from './keys.ts';

const INTRODUCTION = `# Configuration

<!-- Generated from src/config by \`npm run docs\`; edit the descriptions there. -->

The processes read one YAML file, \`--config FILE\`, by default \`/etc/remediationorchestrator/config.yaml\`; \`--config ''\` means defaults only. A file
written for kubernaut's own orchestrator works as it is, once it also says where PostgreSQL is. Only flags stand above the file; no environment
variable changes a key. Changes take effect when the process is started again, and only for remediations that are created afterwards.

\`\`\`yaml
timeouts:
  awaitingApproval: 20m
  global: 1h5m
postgres:
  host: postgres.example.com
  user: orchestrator
  passwordFile: /etc/kubernaut/postgres-password
\`\`\`

Durations are written as Go writes them: \`1h30m\`, \`45s\`, \`250ms\`. An unknown key, a value that makes no sense and a broken rule are errors: the
process prints one message that lists every fault, with the nearest key that exists, and ends with exit code 2.

The namespace to work in is that of \`--namespace\`, else KUBERNAUT_CONTROLLER_NAMESPACE (set but empty is an error), else that of the pod's service
account. POD_NAME, if set, appears in log lines.

## Rules

- \`timeouts.global\` is at least the sum of processing, analyzing, awaitingApproval and executing. \`verifying\` does not count: the global clock stops
  when the verification starts.
- \`dryRunHoldPeriod\` is between 5m and 168h when \`dryRun\` is on.
- \`routing.exponentialBackoffMax\` is at least \`routing.exponentialBackoffBase\`.
- \`postgres.url\` or \`postgres.host\` is set, and not both; the password comes from \`passwordFile\`, or from \`secretsFile\` and \`passwordKey\`.
- \`postgres.sslMode: disable\` is for \`environment: test\`. A database on the loopback interface or behind a socket in the file system is spoken to
  without TLS in every environment, unless sslMode says otherwise, because nothing leaves the machine.
- \`postgres.sslMode: verify-ca\` needs \`postgres.caFile\`.
- \`temporal.tls.certFile\` and \`temporal.tls.keyFile\` go together.
- \`fleet.enabled\` needs a backend or endpoint, a gateway with its type, and OAuth 2; backend \`acm\` needs \`tokenPath\`.
- Every file that is named can be read.

## Keys
`;

/** The text of docs/configuration.md. */
export function configurationDocument(): string {
  const groups = grouped(KEYS, groupOf);
  const sections = [...groups].map(([group, keys]) => [title(group), '', ...table(keys), ''].join('\n'));
  return [INTRODUCTION, ...sections, ignoredSection()].join('\n');
}

const groupOf = ({ path }: Key): string => (path.includes('.') ? path.slice(0, path.indexOf('.')) : '');
const title = (group: string): string => (group === '' ? '### At the top' : `### ${group}`);

function table(keys: readonly Key[]): readonly string[] {
  const rows = keys.map((key) => [`\`${key.path}\``, defaultOf(key.initial), key.description + markOf(key.path)]);
  return [['Key', 'Default', 'Meaning'], ['---', '---', '---'], ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

const markOf = (path: string): string => (whyWithoutEffect(path) === undefined ? '' : ' (no effect)');

function defaultOf(initial: unknown): string {
  if (initial === '') return '';
  return Array.isArray(initial) ? `\`${JSON.stringify(initial)}\`` : `\`${String(initial)}\``;
}

function ignoredSection(): string {
  const reasons = grouped(Object.keys(WITHOUT_EFFECT), (key) => WITHOUT_EFFECT[key] ?? '');
  const lines = [...reasons].map(([why, keys]) => `- ${why}: ${keys.map(patternOf).join(', ')}`);
  const text =
    'These keys are accepted and checked, but nothing reads them. A process that is given another value than the default says so once when it starts.';
  return ['## Keys without effect', '', text, '', ...lines, ''].join('\n');
}

const patternOf = (key: string): string => (KEYS.some(({ path }) => path === key) ? `\`${key}\`` : `\`${key}.*\``);

function grouped<T>(items: readonly T[], by: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  return new Map(items.map((item) => [by(item), items.filter((other) => by(other) === by(item))]));
}

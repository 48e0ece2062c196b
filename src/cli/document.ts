/** Writes docs/cli.md from the commands themselves. */
import type { Command, Flag } from './command.ts';
import { COMMANDS, GLOBAL_FLAGS } from './program.ts';

const INTRODUCTION = `# rrctl

<!-- Generated from src/cli by \`npm run docs\`; edit the texts there. -->

\`rrctl\` shows what kubectl cannot, takes decisions with an answer, and runs the product on one machine. After \`npm run build\` it is
\`node dist/src/cli/main.js\`; \`npm link\` puts it on your PATH. Approving works with kubectl as well
(\`kubectl patch rar NAME --subresource=status --type=merge -p '{"status":{"decision":"Approved","decidedBy":"you"}}'\`); the difference is that
\`rrctl approve\` answers whether the decision counts.

## Exit codes

| Code | Meaning                                                             |
| ---- | ------------------------------------------------------------------- |
| 0    | done                                                                |
| 1    | refused, not found, findings, or a server is away                   |
| 2    | wrong usage, or a configuration that is invalid or names no servers |
| 3    | of \`audit verify\`: it could not finish                             |
| 4    | of \`audit verify --require-checkpoint\`: intact, not yet all covered |

Results go to standard output; notes, refusals and errors go to standard error. An error is one line that says what to do; \`--verbose\` adds where
it comes from. \`--json\` prints the result as JSON.

## Where it finds its servers

Each of them by itself; the first that is given counts.

| What       | Flag                                          | Environment                            | Else                                                                           |
| ---------- | --------------------------------------------- | -------------------------------------- | ------------------------------------------------------------------------------ |
| cluster    | \`--kubeconfig\`, \`--context\`                   | KUBECONFIG                             | that of a running \`rrctl up\`; ~/.kube/config; the service account of the pod   |
| namespace  | \`--namespace\`                                 | KUBERNAUT_CONTROLLER_NAMESPACE         | that of a running \`rrctl up\`; that of the context; default                     |
| PostgreSQL | \`--postgres-url\`                              | KUBERNAUT_POSTGRES_URL                 | \`--config\`; a running \`rrctl up\`                                               |
| Temporal   | \`--temporal-address\`, \`--temporal-namespace\`  | TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE   | \`--config\`; a running \`rrctl up\`; 127.0.0.1:7233, namespace kubernaut          |

A running \`rrctl up\` is found by connection.json in its state folder: KUBERNAUT_STATE, by default kubernaut-temporal in \`$XDG_STATE_HOME\`
(~/.local/state). KUBERNAUT_TEMPORAL_UI makes \`get\` print links to Temporal's web UI.

## Who you are

\`approve\`, \`reject\` and \`cancel\` act under the name that the API server knows you by (SelfSubjectReview with your own credentials), which is what the
audit trail records. \`--by NAME\` speaks for somebody else: NAME is recorded as the person who decided, and you as the one who said so. A refusal is recorded
as well, before it is printed.

| Refused with     | Because                                                                                  |
| ---------------- | ---------------------------------------------------------------------------------------- |
| already_decided  | somebody decided before; the answer says who and when. The first valid decision stands   |
| expired          | nobody decided in time                                                                   |
| not_pending      | the remediation does not wait for an approval, or has ended                              |
| unknown_rar      | the approval request is not the one that the remediation made                            |
| bad_request      | the plan is another one than \`--plan-digest\` names                                       |
| not_authorised   | there is no verified name                                                                |
| invalid_override | the workflow or the parameters cannot be used                                            |

The same decision by the same person again is no refusal: \`accepted (already recorded)\`.

## Commands
`;

/** The text of docs/cli.md. */
export function cliDocument(): string {
  const common = ['### Flags of every command', '', ...flagList(GLOBAL_FLAGS), ''].join('\n');
  return [INTRODUCTION, ...COMMANDS.map(sectionOf), common].join('\n');
}

function sectionOf({ name, summary, request, flags = [], examples = [] }: Command): string {
  const argument = request === undefined ? '' : request === 'required' ? ' REQUEST' : ' [REQUEST]';
  return [
    `### rrctl ${name}${argument}`,
    '',
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    '',
    ...(flags.length === 0 ? [] : [...flagList(flags), '']),
    ...(examples.length === 0 ? [] : ['```sh', ...examples, '```', '']),
  ].join('\n');
}

const flagList = (flags: readonly Flag[]): readonly string[] =>
  flags.map(({ flags: spelling, description }) => `- \`${spelling}\`: ${description}`);

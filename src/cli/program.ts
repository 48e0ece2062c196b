/** From a command line to an exit code. */
import { Command as Program, CommanderError, Option } from 'commander';
import { InvalidRequestError, OrchestratorError, fullMessage } from '../errors.ts';
import { VERSION } from '../version.ts';
import { UsageError } from './command.ts';
import type { Command, ExitCode, Flag, Io, Options } from './command.ts';
import { checkpointNow, keys } from './commands/audit/checkpoint.ts';
import { exportBundle } from './commands/audit/export.ts';
import { listAuditHolds, placeAuditHold, releaseAuditHold } from './commands/audit/hold.ts';
import { verifyAudit } from './commands/audit/verify.ts';
import { cancel } from './commands/cancel.ts';
import { approve, reject } from './commands/decide.ts';
import { get } from './commands/get.ts';
import { migrate } from './commands/migrate.ts';
import { trail } from './commands/trail.ts';
import { unblock } from './commands/unblock.ts';
import { up } from './commands/up.ts';
import { verify } from './commands/verify.ts';
import { version } from './commands/version.ts';
import { why } from './commands/why.ts';
import type { Opened } from './dependencies.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  get,
  trail,
  approve,
  reject,
  cancel,
  why,
  unblock,
  verify,
  verifyAudit,
  exportBundle,
  checkpointNow,
  keys,
  placeAuditHold,
  releaseAuditHold,
  listAuditHolds,
  up,
  migrate,
  version,
];

/** The flags that every command has. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  { flags: '-n, --namespace <name>', description: 'namespace of the requests' },
  { flags: '--kubeconfig <file>', description: 'cluster and credentials; else KUBECONFIG' },
  { flags: '--context <name>', description: 'context in the kubeconfig' },
  { flags: '--config <file>', description: 'configuration file of the processes, for PostgreSQL and Temporal' },
  { flags: '--postgres-url <url>', description: 'PostgreSQL; else KUBERNAUT_POSTGRES_URL' },
  { flags: '--temporal-address <host:port>', description: 'Temporal; else TEMPORAL_ADDRESS' },
  { flags: '--temporal-namespace <name>', description: 'Temporal namespace; else TEMPORAL_NAMESPACE' },
  { flags: '--json', description: 'print JSON' },
  { flags: '--verbose', description: 'show where an error comes from' },
];

/** What a program writes to and asks. */
export interface World {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly now: () => number;
  /** Makes the dependencies of the command from the values of its flags. */
  readonly open: (options: Options) => Promise<Opened>;
}

/** Runs the command of these words. Never throws: a fault is one line on the error stream and an exit code. */
export async function runProgram(words: readonly string[], world: World): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = new Program('rrctl')
    .description('Looks at remediations of kubernaut, and decides on them.')
    .version(VERSION, '-V, --version')
    .configureOutput({ writeOut: write(world.out), writeErr: write(world.err) })
    .exitOverride()
    .showHelpAfterError('(rrctl help COMMAND tells more)');
  for (const command of COMMANDS)
    addCommand(program, command, async (request, options) => {
      code = await runCommand(command, request, options, world);
    });
  try {
    await program.parseAsync([...words], { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
}

function addCommand(
  program: Program,
  { name, summary, request, flags = [], examples = [] }: Command,
  action: (request: string | undefined, options: Options) => Promise<void>,
): void {
  const [word = name, group] = name.split(' ').reverse();
  const sub = (group === undefined ? program : groupOf(program, group))
    .command(word)
    .summary(summary)
    .description(`${capital(summary)}.`);
  if (request !== undefined)
    sub.argument(request === 'required' ? '<request>' : '[request]', 'name of a RemediationRequest');
  for (const flag of flags) sub.addOption(optionOf(flag));
  for (const flag of GLOBAL_FLAGS) sub.addOption(optionOf(flag).helpGroup('Options of every command:'));
  if (examples.length > 0) sub.addHelpText('after', `\nExamples:\n${examples.map((each) => `  ${each}`).join('\n')}`);
  sub.action(async (...received: readonly unknown[]) => {
    const first = received[0];
    await action(typeof first === 'string' ? first : undefined, sub.opts());
  });
}

/** The command that holds the commands of a group. */
function groupOf(program: Program, name: string): Program {
  const known = program.commands.find((command) => command.name() === name);
  if (known !== undefined) return known;
  return program.command(name).summary(`commands of the ${name} trail: rrctl help ${name}`).exitOverride();
}

function optionOf({ flags, description, repeats }: Flag): Option {
  const option = new Option(flags, description);
  return repeats === true
    ? option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
    : option;
}

async function runCommand(
  command: Command,
  request: string | undefined,
  options: Options,
  world: World,
): Promise<ExitCode> {
  const io: Io = { json: options['json'] === true, out: world.out, err: world.err, now: world.now };
  let opened: Opened | undefined;
  try {
    opened = await world.open(options);
    return await command.invoke(request, options, io, opened.dependencies);
  } catch (error) {
    return failed(error, command.name, options['verbose'] === true, world);
  } finally {
    await opened?.close();
  }
}

function failed(error: unknown, name: string, verbose: boolean, world: World): ExitCode {
  if (error instanceof UsageError) {
    world.err(`rrctl ${name}: ${error.message} (rrctl help ${name} tells more)`);
    return 2;
  }
  const isKnown = error instanceof OrchestratorError;
  world.err(`rrctl: ${fullMessage(error)}${isKnown ? '' : ' (this is a bug; --verbose shows where)'}`);
  if (verbose) world.err(stackOf(error));
  return error instanceof InvalidRequestError && error.code === 'INVALID_CONFIG' ? 2 : 1;
}

function stackOf(error: unknown): string {
  const stacks: string[] = [];
  for (let e = error; e instanceof Error; e = e.cause) stacks.push(e.stack ?? e.message);
  return stacks.join('\ncaused by ');
}

const write =
  (to: (text: string) => void) =>
  (text: string): void => {
    to(text.trimEnd());
  };
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

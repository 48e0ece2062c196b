/** What a command is: a value that says how it is called, what it understands and what it does. */
import type { Dependencies } from './ports.ts';

/** 0 done, 1 refused or failed, 2 wrong usage; of verifications also 3 could not finish, 4 not yet all under a checkpoint. */
export type ExitCode = 0 | 1 | 2 | 3 | 4;

/** Where a command writes, and what it needs to know about who reads. */
export interface Io {
  readonly json: boolean;
  /** The result. */
  readonly out: (text: string) => void;
  /** Everything else: notes, refusals, errors. */
  readonly err: (text: string) => void;
  readonly now: () => number;
}

/** A flag of one command, as commander writes it: `--message <text>`. */
export interface Flag {
  readonly flags: string;
  readonly description: string;
  /** May be given several times; its value is then a list. */
  readonly repeats?: boolean;
}

/** The values of flags: texts, `true` for a flag without value, lists for those that repeat. */
export type Options = Readonly<Record<string, unknown>>;

/** How a command is called and what it does. `run` takes what it needs as arguments, so a test can call it. */
export interface Definition<I> {
  readonly name: string;
  readonly summary: string;
  /** The name of a RemediationRequest: whether the command takes one, and whether it must. */
  readonly request?: 'required' | 'optional';
  readonly flags?: readonly Flag[];
  readonly examples?: readonly string[];
  /** From words to what `run` wants; throws UsageError. */
  readonly parse: (request: string | undefined, options: Options) => I;
  readonly run: (input: I, io: Io, dependencies: Dependencies) => Promise<ExitCode>;
}

/** A command as the program sees it, whatever its input is. */
export interface Command extends Omit<Definition<never>, 'parse' | 'run'> {
  readonly invoke: (
    request: string | undefined,
    options: Options,
    io: Io,
    dependencies: Dependencies,
  ) => Promise<ExitCode>;
}

/** The command of a definition, which stays reachable for tests. */
export function command<I>(definition: Definition<I>): Command & Definition<I> {
  return {
    ...definition,
    invoke: async (request, options, io, dependencies) =>
      definition.run(definition.parse(request, options), io, dependencies),
  };
}

/** The command line makes no sense; the message says what would. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The text of a flag, if it was given; an empty one is wrong usage. */
export function textOf(options: Options, name: string): string | undefined {
  const value = options[name];
  if (typeof value !== 'string') return undefined;
  if (value.trim() === '') throw new UsageError(`--${kebab(name)} is empty`);
  return value;
}

/** The name of the request, which must be there. */
export function requestOf(request: string | undefined): string {
  if (request === undefined || request === '') throw new UsageError('the name of a RemediationRequest is missing');
  return request;
}

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Log lines: one JSON object each, or coloured text for people. Messages are constant; what varies stands in the keys below. */
import { pino } from 'pino';
import type { DestinationStream } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { OrchestratorError, fullMessage } from './errors.ts';

/** The keys a line may carry. Never a secret, never a payload. */
export interface LogKeys {
  readonly rr?: string;
  readonly rr_uid?: string;
  readonly namespace?: string;
  readonly phase?: string;
  readonly from?: string;
  readonly to?: string;
  readonly step?: number;
  readonly workflow_id?: string;
  readonly run_id?: string;
  readonly attempt?: number;
  readonly child_kind?: string;
  readonly child?: string;
  readonly actor?: string;
  readonly reason?: string;
  readonly error_code?: string;
  readonly duration_ms?: number;
  readonly err?: unknown;
  readonly [key: string]: unknown;
}

/** Says something with constant words and varying keys. */
export interface Logger {
  debug(message: string, keys?: LogKeys): void;
  info(message: string, keys?: LogKeys): void;
  warn(message: string, keys?: LogKeys): void;
  error(message: string, keys?: LogKeys): void;
  /** A logger whose lines all carry these keys. */
  with(keys: LogKeys): Logger;
}

export interface LoggerOptions {
  readonly level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  readonly format: 'json' | 'console';
  /** Name of the process, and of the pod it runs in. */
  readonly process: string;
  readonly pod?: string | undefined;
  /** Where lines go; standard output when absent. */
  readonly destination?: DestinationStream;
}

/** The logger of a process. */
export function createLogger({ level, format, process, pod, destination }: LoggerOptions): Logger {
  const options = {
    level: level.toLowerCase(),
    base: { process, ...(pod === undefined ? {} : { pod }) },
    messageKey: 'msg',
    timestamp: () => `,"ts":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label.toUpperCase() }), log: shortened },
    serializers: { err: described },
  };
  const target = destination ?? pino.destination({ dest: 1, sync: true });
  return wrapped(pino(options, format === 'console' ? forPeople(target) : target));
}

/** A logger that says nothing. */
export const silentLogger: Logger = wrapped(pino({ level: 'silent' }));

/** The logger in the shape that Temporal's runtime wants, with its keys renamed to ours. */
export function temporalLogger(log: Logger) {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, meta?: Readonly<Record<string, unknown>>) => {
      log[level](message, { logger: 'temporal', ...renamed(meta ?? {}) });
    };
  const levels = { trace: at('debug'), debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const log_ = (level: string, message: string, meta?: Readonly<Record<string, unknown>>): void => {
    const name = level.toLowerCase();
    (name in levels ? levels[name as keyof typeof levels] : levels.info)(message, meta);
  };
  return { ...levels, log: log_ };
}

function forPeople(target: DestinationStream): DestinationStream {
  const pretty = prettyFactory({
    messageKey: 'msg',
    timestampKey: 'ts',
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'process,pod',
    colorize: process.stdout.isTTY,
    singleLine: true,
  });
  return { write: (line) => target.write(pretty(line)) };
}

const TEMPORAL_KEYS: Readonly<Record<string, string>> = {
  workflowId: 'workflow_id',
  runId: 'run_id',
  activityId: 'activity_id',
  activityType: 'activity',
  error: 'err',
  sdkComponent: 'component',
};

const renamed = (meta: Readonly<Record<string, unknown>>): LogKeys =>
  Object.fromEntries(
    Object.entries(meta).map(([key, value]) => [
      TEMPORAL_KEYS[key] ?? key,
      typeof value === 'bigint' ? String(value) : value,
    ]),
  );

function wrapped(target: pino.Logger): Logger {
  return {
    debug: (message, keys = {}) => {
      target.debug(keys, message);
    },
    info: (message, keys = {}) => {
      target.info(keys, message);
    },
    warn: (message, keys = {}) => {
      target.warn(keys, message);
    },
    error: (message, keys = {}) => {
      target.error(keys, message);
    },
    with: (keys) => wrapped(target.child(keys)),
  };
}

const LONGEST = 1024;
const cut = (text: string, longest = LONGEST): string =>
  text.length > longest ? `${text.slice(0, longest)}… [cut]` : text;

/** Free text of others may be of any length. */
const shortened = (keys: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, typeof value === 'string' ? cut(value) : value]));

/** An error with its causes; other members are left out, since clients put whole responses there. */
function described(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? cut(error) : error;
  return {
    type: error.name,
    message: cut(fullMessage(error)),
    ...(error instanceof OrchestratorError ? { code: error.code } : {}),
    stack: cut(error.stack ?? '', 4 * LONGEST),
  };
}

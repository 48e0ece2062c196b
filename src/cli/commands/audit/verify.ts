import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { keyIdOf, keyring } from '../../../audit/checkpoint.ts';
import type { SignedCheckpoint } from '../../../audit/checkpoint.ts';
import type { AuditReport } from '../../../audit/findings.ts';
import { verifyBundle } from '../../../audit/verify-bundle.ts';
import { createVerifier } from '../../../audit/verifier.ts';
import type { VerifierOptions } from '../../../audit/verifier.ts';
import { UnavailableError } from '../../../errors.ts';
import type { Selection } from '../../../postgres/checkpoints/bundle-lines.ts';
import { UsageError, command, textOf } from '../../command.ts';
import type { ExitCode, Io, Options } from '../../command.ts';
import { json, table } from '../../render.ts';
import { SELECTORS, selectionOf } from './selection.ts';

interface Input extends VerifierOptions {
  readonly selection: Selection | undefined;
  readonly bundle: string | undefined;
  readonly requireCheckpoint: boolean;
}

const COULD_NOT_FINISH = 3;
const NOT_COVERED = 4;

/** Recomputes chains and checks them against signed checkpoints, in place or in a bundle. Writes nothing. */
export const verifyAudit = command<Input>({
  name: 'audit verify',
  summary:
    'check chains, checkpoints and proofs: 0 intact, 1 tampering, 3 could not finish, 4 not yet all under a checkpoint',
  flags: [
    ...SELECTORS,
    { flags: '--bundle <file>', description: 'a bundle, without any server; gzip is recognised' },
    { flags: '--key <file>', description: 'public Ed25519 key to trust (PEM)', repeats: true },
    { flags: '--checkpoints <file>', description: 'checkpoints kept elsewhere, one JSON object a line' },
    { flags: '--require-checkpoint', description: 'answer 4 while an event is not under a checkpoint' },
  ],
  examples: ['rrctl audit verify --bundle rr-1.jsonl --key audit.pub', 'rrctl audit verify --all --key audit.pub'],
  parse: (_, options) => {
    const [selection, bundle] = [selectionOf(options, Date.now()), textOf(options, 'bundle')];
    if ((selection === undefined) === (bundle === undefined))
      throw new UsageError('say what to verify: --bundle, or one of --rr, --uid, --correlation and --all');
    const keys = keyring(keysOf(options));
    if (bundle !== undefined && keys.size === 0)
      throw new UsageError('--bundle needs --key: a bundle cannot vouch for itself');
    return {
      selection,
      bundle,
      keys,
      known: knownOf(options),
      requireCheckpoint: options['requireCheckpoint'] === true,
    };
  },
  run: async ({ selection, bundle, requireCheckpoint, ...options }, io, { audit }) => {
    try {
      const report =
        selection === undefined
          ? await verifyBundle(bytesOf(bundle ?? ''), options)
          : await audit.lines(selection, false, async (lines) => {
              const verifier = createVerifier(options);
              for await (const line of lines) verifier.take(line);
              return verifier.report();
            });
      return tell(report, io, requireCheckpoint);
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!isMissing && !(error instanceof UnavailableError)) throw error;
      io.err(`Verification could not finish: ${error.message}`);
      return COULD_NOT_FINISH;
    }
  },
});

function tell(report: AuditReport, io: Io, requireCheckpoint: boolean): ExitCode {
  const open = report.uncovered.reduce((sum, { events }) => sum + events, 0);
  const code = !report.intact ? 1 : requireCheckpoint && open > 0 ? NOT_COVERED : 0;
  if (io.json) {
    io.out(json(report));
    return code;
  }
  if (!report.intact)
    io.out(
      table(
        ['CODE', 'CHAIN', 'EVENT', 'CHECKPOINT', 'FINDING'],
        report.findings.map(({ code: name, chain, seq, checkpoint, message }) => [
          name,
          chain ?? '-',
          seq === undefined ? '-' : String(seq),
          checkpoint === undefined ? '-' : String(checkpoint),
          message,
        ]),
      ),
    );
  const verdict = report.intact ? 'Intact' : `TAMPERED, ${String(report.findings.length)} findings`;
  const newest =
    report.newest === undefined
      ? 'no checkpoint'
      : `checkpoints up to ${String(report.newest.checkpoint_no)} of ${report.newest.issued_at}`;
  const signed = report.signed ? '' : '; signatures were not checked, give --key';
  const tail = open === 0 ? '' : `; ${String(open)} events not under a trusted checkpoint`;
  io.err(`${verdict}: ${String(report.chains)} chains, ${String(report.events)} events, ${newest}${signed}${tail}.`);
  return code;
}

function keysOf(options: Options): readonly KeyObject[] {
  const files = (options['key'] ?? []) as readonly string[];
  return files.map((file) => {
    try {
      const key = createPublicKey(readFileSync(file));
      keyIdOf(key);
      return key;
    } catch {
      throw new UsageError(`--key ${file} is no public Ed25519 key in PEM`);
    }
  });
}

function knownOf(options: Options): readonly SignedCheckpoint[] {
  const file = textOf(options, 'checkpoints');
  if (file === undefined) return [];
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as SignedCheckpoint);
  } catch {
    throw new UsageError(`--checkpoints ${file} cannot be read as JSON lines`);
  }
}

/** The bytes of the file, unpacked when it begins as gzip does. */
async function* bytesOf(file: string): AsyncGenerator<Buffer> {
  const head = createReadStream(file, { start: 0, end: 1 });
  let first = Buffer.alloc(0);
  for await (const chunk of head) first = Buffer.concat([first, chunk as Buffer]);
  const raw = createReadStream(file, { highWaterMark: 1 << 20 });
  const isPacked = first[0] === 0x1f && first[1] === 0x8b;
  for await (const chunk of isPacked ? raw.pipe(createGunzip()) : raw) yield chunk as Buffer;
}

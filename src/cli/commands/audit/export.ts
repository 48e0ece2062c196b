import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { userInfo } from 'node:os';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { bundleWriter } from '../../../audit/bundle.ts';
import type { ContentLine } from '../../../audit/bundle.ts';
import type { Selection } from '../../../postgres/checkpoints/bundle-lines.ts';
import { UsageError, command, textOf } from '../../command.ts';
import { json } from '../../render.ts';
import { SELECTORS, selectionOf } from './selection.ts';

interface Input {
  readonly selection: Selection;
  readonly out: string;
  readonly redact: boolean;
  readonly gzip: boolean;
}

/** Writes a file that anybody can verify with the public key, and notes that it was written. */
export const exportBundle = command<Input>({
  name: 'audit export',
  summary: 'write a bundle of trails, checkpoints and proofs that can be verified anywhere',
  flags: [
    ...SELECTORS,
    { flags: '--out <file>', description: 'the file to write' },
    { flags: '--redact', description: 'leave payloads out; the bundle verifies all the same' },
    { flags: '--gzip', description: 'compress the file' },
  ],
  examples: [
    'rrctl audit export --rr kubernaut-system/rr-1 --out rr-1.jsonl',
    'rrctl audit export --all --gzip --out all.jsonl.gz',
  ],
  parse: (_, options) => {
    const selection = selectionOf(options, Date.now());
    if (selection === undefined) throw new UsageError('say which trails: --rr, --uid, --correlation or --all');
    const out = textOf(options, 'out');
    if (out === undefined) throw new UsageError('--out is missing: the file to write');
    return { selection, out, redact: options['redact'] === true, gzip: options['gzip'] === true };
  },
  run: async ({ selection, out, redact, gzip }, io, { audit }) => {
    const counts = { chains: 0, events: 0, checkpoints: 0 };
    const digest = createHash('sha256');
    const hashing = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        digest.update(chunk);
        done(null, chunk);
      },
    });
    await audit.lines(selection, redact, async (lines) => {
      const text = Readable.from(bundleText(lines, counts));
      const file = createWriteStream(out, { mode: 0o600 });
      await (gzip ? pipeline(text, createGzip(), hashing, file) : pipeline(text, hashing, file));
    });
    const sha256 = digest.digest('hex');
    await audit.noteExport(userInfo().username, { scope: selection, redacted: redact, sha256, ...counts }, io.now());
    if (io.json) io.out(json({ file: out, sha256, ...counts }));
    else
      io.out(
        `${out}: ${String(counts.chains)} chains, ${String(counts.events)} events, ${String(counts.checkpoints)} checkpoints, sha256 ${sha256}`,
      );
    return 0;
  },
});

/** Lines are written in portions: one write a line would be most of the work. */
async function* bundleText(
  lines: AsyncIterable<ContentLine>,
  counts: { chains: number; events: number; checkpoints: number },
) {
  const writer = bundleWriter();
  let portion = '';
  for await (const line of lines) {
    if (line.kind === 'chain') counts.chains += 1;
    if (line.kind === 'event') counts.events += 1;
    if (line.kind === 'checkpoint') counts.checkpoints += 1;
    portion += writer.text(line);
    if (portion.length > 65_536) {
      yield portion;
      portion = '';
    }
  }
  yield portion + writer.footer();
}

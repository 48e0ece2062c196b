/** The file that leaves the house: JSON lines that a stranger can verify with a public key alone. Pure: no I/O. */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { TrailEvent } from '../postgres/event-row.ts';
import type { ChainEnd } from '../postgres/chain.ts';
import type { JsonObject } from '../remediation/json.ts';
import type { SignedCheckpoint } from './checkpoint.ts';
import type { PathStep } from './merkle.ts';

export const FORMAT = 'kubernaut-audit-bundle/1';

/** An event in a bundle; without its payload when that was left out. */
export type BundleEvent = Omit<TrailEvent, 'event_data'> & {
  readonly event_data?: JsonObject;
  readonly redacted?: true;
};

export interface HeaderLine {
  readonly kind: 'header';
  readonly format: string;
  readonly created_at: string;
  /** What was asked for: everything, or one remediation. */
  readonly scope: JsonObject;
  readonly product_version: string;
}
export interface ChainLine {
  readonly kind: 'chain';
  readonly chain_id: string;
  readonly rr_uid?: string;
  /** The end of the chain as the database recorded it; absent when it has none. */
  readonly head?: ChainEnd;
  /** The last event that retention has removed. */
  readonly purged?: ChainEnd;
}
export interface ProofLine {
  readonly kind: 'proof';
  readonly chain_id: string;
  readonly checkpoint_no: number;
  readonly seq: number;
  readonly hash: string;
  readonly path_in_bucket: readonly PathStep[];
  readonly path_of_bucket: readonly PathStep[];
}
export interface FooterLine {
  readonly kind: 'footer';
  readonly lines: number;
  readonly sha256: string;
}
export type ContentLine =
  | HeaderLine
  | ({ readonly kind: 'checkpoint' } & SignedCheckpoint)
  | ChainLine
  | { readonly kind: 'event'; readonly event: BundleEvent }
  | ProofLine;
export type BundleLine = ContentLine | FooterLine;

/** Writes lines down, and at the end the footer over all of them. */
export function bundleWriter(): { text(line: ContentLine): string; footer(): string } {
  const digest = createHash('sha256');
  let lines = 0;
  return {
    text: (line) => {
      const text = `${JSON.stringify(line)}\n`;
      digest.update(text, 'utf8');
      lines += 1;
      return text;
    },
    footer: () => `${JSON.stringify({ kind: 'footer', lines, sha256: digest.digest('hex') })}\n`,
  };
}

/** The bundle is not what was written: cut, changed, or no bundle at all. */
export class BundleCorruptError extends Error {
  override readonly name = 'BundleCorruptError';
}

/** The lines of a bundle, from its bytes in any portions. Throws BundleCorruptError as soon as it is sure. */
export async function* readBundle(chunks: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<ContentLine[]> {
  const digest = createHash('sha256');
  let [rest, count, ended]: [Buffer, number, boolean] = [Buffer.alloc(0), 0, false];
  for await (const chunk of chunks) {
    const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const lines: ContentLine[] = [];
    let from = 0;
    for (let to = buffer.indexOf(10); to !== -1; from = to + 1, to = buffer.indexOf(10, from)) {
      const bytes = buffer.subarray(from, to + 1);
      if (ended) throw new BundleCorruptError('There are lines behind the footer.');
      const line = parsed(bytes, count + 1);
      if (line.kind === 'footer') ended = checkFooter(line, count, digest);
      else {
        if (count === 0 && (line.kind !== 'header' || line.format !== FORMAT))
          throw new BundleCorruptError(`The file does not begin with the header of ${FORMAT}.`);
        digest.update(bytes);
        count += 1;
        lines.push(line);
      }
    }
    rest = buffer.subarray(from);
    yield lines;
  }
  if (rest.length > 0 || !ended) throw new BundleCorruptError('The file ends without a footer: its end is missing.');
}

function parsed(bytes: Buffer, number: number): BundleLine {
  try {
    const line = JSON.parse(bytes.toString('utf8')) as BundleLine | null;
    if (line !== null && KINDS.has(line.kind)) return line;
  } catch {
    // Said below.
  }
  throw new BundleCorruptError(`Line ${String(number)} is no line of a bundle.`);
}

const KINDS: ReadonlySet<string> = new Set(['header', 'checkpoint', 'chain', 'event', 'proof', 'footer']);

function checkFooter(footer: FooterLine, count: number, digest: Hash): true {
  if (footer.lines !== count)
    throw new BundleCorruptError(`The footer counts ${String(footer.lines)} lines, the file has ${String(count)}.`);
  if (footer.sha256 !== digest.digest('hex'))
    throw new BundleCorruptError('The file is not the one that was written: its digest differs from the footer.');
  return true;
}

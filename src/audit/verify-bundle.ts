/** Verification of a bundle from its bytes to a report. Pure but for where the bytes come from. */
import { BundleCorruptError, readBundle } from './bundle.ts';
import type { AuditReport } from './findings.ts';
import { createVerifier } from './verifier.ts';
import type { VerifierOptions } from './verifier.ts';

/** Verifies a whole bundle. One that is damaged is reported as that, whatever else it may say. */
export async function verifyBundle(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  options: VerifierOptions,
): Promise<AuditReport> {
  const verifier = createVerifier(options);
  try {
    for await (const lines of readBundle(chunks)) for (const line of lines) verifier.take(line);
    return verifier.report();
  } catch (error) {
    // A line that is JSON of another shape than it says breaks whoever reads its members.
    if (!(error instanceof BundleCorruptError) && !(error instanceof TypeError)) throw error;
    const message = error instanceof BundleCorruptError ? error.message : 'A line has not the form of its kind.';
    const { findings: _, ...rest } = verifier.report();
    return { ...rest, intact: false, findings: [{ code: 'BUNDLE_CORRUPT', message }] };
  }
}

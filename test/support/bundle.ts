/** The workflow code of the working tree, bundled once a run. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { silentLogger, temporalLogger } from '../../src/logger.ts';

const WORKFLOWS = join(import.meta.dirname, '../../workflows/index.ts');

let bundled: Promise<string> | undefined;

/** The bundled code. */
export const workflowCode = (): Promise<string> =>
  (bundled ??= bundleWorkflowCode({ workflowsPath: WORKFLOWS, logger: temporalLogger(silentLogger) }).then(
    ({ code }) => code,
  ));

/** A file that holds it. */
export async function workflowBundleFile(): Promise<string> {
  const file = join(mkdtempSync(join(tmpdir(), 'workflow-bundle-')), 'workflow-bundle.js');
  writeFileSync(file, await workflowCode());
  return file;
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Cluster } from './stack.ts';

const run = promisify(execFile);

/** Applies every manifest of a folder, and returns when the custom kinds among them can be used. */
export async function applyManifests({ kubeconfig, kubectl }: Cluster, folder: string): Promise<void> {
  const cluster = [`--kubeconfig=${kubeconfig}`];
  try {
    await run(kubectl, [...cluster, 'apply', '--server-side', '--force-conflicts', '-f', folder]);
    await run(kubectl, [...cluster, 'wait', '--for=condition=Established', '--timeout=30s', '-f', folder]);
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new Error(`kubectl cannot apply ${folder}: ${stderr.trim()}`, { cause: error });
  }
}

/** Writes the documents that are generated from the code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { cliDocument } from '../src/cli/document.ts';
import { configurationDocument } from '../src/config/document.ts';
import { lifecycleDocument } from './lifecycle-document.ts';

const ROOT = join(import.meta.dirname, '..');

/** Generated documents by their path, in the form that prettier gives them. */
export async function generatedDocuments(): Promise<Readonly<Record<string, string>>> {
  const documents = {
    'docs/configuration.md': configurationDocument(),
    'docs/cli.md': cliDocument(),
    'docs/lifecycle.md': lifecycleDocument(readFileSync(join(ROOT, 'docs/lifecycle.md'), 'utf8')),
  };
  const options = await resolveConfig(join(ROOT, 'docs/any.md'));
  const formatted = Object.entries(documents).map(
    async ([file, text]) => [file, await format(text, { ...options, filepath: file })] as const,
  );
  return Object.fromEntries(await Promise.all(formatted));
}

if (process.argv[1] === import.meta.filename)
  for (const [file, text] of Object.entries(await generatedDocuments())) writeFileSync(join(ROOT, file), text);

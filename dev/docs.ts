/** Writes the documents that are generated from the code. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { configurationDocument } from '../src/config/document.ts';

mkdirSync('docs', { recursive: true });
writeFileSync('docs/configuration.md', configurationDocument());

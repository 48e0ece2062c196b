import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UsageError, command, textOf } from '../../command.ts';
import { json, table } from '../../render.ts';

/** Takes a checkpoint without waiting for the signer. */
export const checkpointNow = command<{ readonly key: string; readonly previous: string | undefined }>({
  name: 'audit checkpoint',
  summary: 'sign a checkpoint at once, with the key of the signer',
  flags: [
    { flags: '--key <file>', description: 'private Ed25519 key (PKCS#8)' },
    { flags: '--previous-key <file>', description: 'the key before it, for the first checkpoint under a new one' },
  ],
  examples: ['rrctl audit checkpoint --key audit.key'],
  parse: (_, options) => {
    const key = textOf(options, 'key');
    if (key === undefined) throw new UsageError('--key is missing: the private key to sign with');
    return { key, previous: textOf(options, 'previousKey') };
  },
  run: async ({ key, previous }, io, { audit }) => {
    const read = (file: string) => createPrivateKey(readFileSync(file));
    const previousKey = previous === undefined ? undefined : read(previous);
    const taken = await audit.checkpoint({ key: read(key), previousKey, full: true, heartbeatMs: 0 });
    if (taken === undefined) {
      io.err('Another process is taking a checkpoint at this moment.');
      return 1;
    }
    const { checkpoint_no: no, root_hash: root, key_id: id } = taken.statement;
    io.out(
      io.json
        ? json(taken)
        : `Checkpoint ${String(no)} over ${String(taken.changedChains)} changed chains, root ${root}, key ${id}`,
    );
    return 0;
  },
});

/** Which keys have signed. */
export const keys = command<undefined>({
  name: 'audit keys',
  summary: 'list the keys that have signed checkpoints',
  parse: () => undefined,
  run: async (_, io, { audit }) => {
    const found = await audit.keys();
    if (io.json) io.out(json(found));
    else
      io.out(
        table(
          ['KEY', 'FIRST', 'LAST'],
          found.map(({ keyId, first, last }) => [keyId, String(first), String(last)]),
        ),
      );
    return 0;
  },
});

/** The DataStorage process: kubernaut's audit interface over HTTP, until it is told to stop. */
import { parseArgs } from 'node:util';
import { readStorageConfig } from '../src/datastorage/config.ts';
import type { StorageConfig } from '../src/datastorage/config.ts';
import { InvalidRequestError, fullMessage } from '../src/errors.ts';
import { createLogger } from '../src/logger.ts';
import { VERSION } from '../src/version.ts';
import { startStorage } from './datastorage/start.ts';

const DEFAULT_FILE = '/etc/datastorage/config.yaml';
const EXIT_WRONG_USAGE = 2;

const config = read();
const log = createLogger({ ...config.logging, process: 'datastorage', pod: process.env['POD_NAME'] });
log.info('Starting', { version: VERSION });
const storage = await startStorage({
  config,
  log,
  version: VERSION,
  kubeconfig: process.env['KUBECONFIG'],
  namespace: process.env['POD_NAMESPACE'] ?? process.env['KUBERNAUT_CONTROLLER_NAMESPACE'] ?? 'kubernaut-system',
});
const signal = await new Promise<string>((resolve) => {
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name));
});
log.info('Stopping', { signal });
setTimeout(() => {
  log.error('Stopping takes too long');
  process.exit(1);
}, config.server.shutdownTimeout).unref();
await storage.stop();
log.info('Stopped');
process.exit(0);

function read(): StorageConfig {
  try {
    const { values } = parseArgs({ options: { config: { type: 'string' } } });
    return readStorageConfig(values.config ?? process.env['CONFIG_PATH'] ?? DEFAULT_FILE);
  } catch (error) {
    const isKnown = error instanceof InvalidRequestError || error instanceof TypeError;
    process.stderr.write(`datastorage: ${isKnown ? error.message : fullMessage(error)}\n`);
    process.exit(EXIT_WRONG_USAGE);
  }
}

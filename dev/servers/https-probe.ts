import { readFileSync } from 'node:fs';
import { request } from 'node:https';

/** Succeeds when the server answers 200 and its certificate is the one in the file. */
export async function probeHttps(url: string, authorityFile: string, token?: string): Promise<void> {
  const ca = readFileSync(authorityFile);
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  await new Promise<void>((resolve, reject) => {
    const call = request(url, { ca, headers, timeout: 2000 }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`${url} answers ${String(response.statusCode)}`));
    });
    call.once('timeout', () => call.destroy(new Error(`${url} does not answer`)));
    call.once('error', reject);
    call.end();
  });
}

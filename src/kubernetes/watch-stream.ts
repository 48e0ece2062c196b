/** The answer to a watch request: JSON values, one a line. */
import type { Readable } from 'node:stream';
import { ApiError, errorOfAnswer } from './errors.ts';
import type { KubernetesObject } from './client.ts';

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubernetesObject }
  | { readonly type: 'BOOKMARK'; readonly object: { readonly metadata: { readonly resourceVersion: string } } };

/** The events as they come. An event that reports an error is thrown as what the same answer to a request would be. */
export async function* watchEvents(body: Readable, what: string): AsyncGenerator<WatchEvent, void, undefined> {
  for await (const line of lines(body)) {
    const event = JSON.parse(line) as
      WatchEvent | { readonly type: 'ERROR'; readonly object: { readonly code?: number } };
    if (event.type === 'ERROR') throw errorOfAnswer(what, event.object.code ?? 500, JSON.stringify(event.object));
    yield event;
  }
}

/** Whether the watch cannot go on from where it was: everything must be listed again. */
export const isExpired = (error: unknown): boolean => error instanceof ApiError && error.kind === 'gone';

async function* lines(body: Readable): AsyncGenerator<string, void, undefined> {
  body.setEncoding('utf8');
  let parts: string[] = [];
  for await (const chunk of body as AsyncIterable<string>) {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', from)) {
      parts.push(chunk.slice(from, end));
      from = end + 1;
      const line = parts.join('');
      parts = [];
      if (line !== '') yield line;
    }
    if (from < chunk.length) parts.push(chunk.slice(from));
  }
}

/** Routing answers one question: may this remediation go on now? */
import type { RequestIdentity } from './request.ts';

export interface RoutingQuestion {
  readonly request: RequestIdentity;
  /** Before the analysis, after it, or after an approval. */
  readonly asking: 'before analysis' | 'after analysis' | 'after approval';
  readonly targetKey?: string;
}

export type RoutingAnswer = { readonly answer: 'admitted' };

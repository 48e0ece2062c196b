/** What the service answers instead of a result: RFC 7807, for people and for programs. */

const TITLES = {
  'validation-error': 'Validation Error',
  invalid_request: 'Invalid Request',
  conversion_error: 'Conversion Error',
  'batch-size-exceeded': 'Batch Size Exceeded',
  'missing-parameter': 'Missing Parameter',
  'invalid-parameter': 'Invalid Parameter',
  'missing-correlation-id': 'Missing Correlation ID',
  'missing-reason': 'Missing Reason',
  'missing-release-reason': 'Missing Release Reason',
  unauthorized: 'Unauthorized',
  forbidden: 'Forbidden',
  'not-found': 'Not Found',
  'effectiveness/not-found': 'No Effectiveness Data',
  conflict: 'Conflict',
  'request-too-large': 'Request Too Large',
  'rate-limited': 'Too Many Requests',
  'query-error': 'Query Error',
  'internal-error': 'Internal Error',
  'service-unavailable': 'Service Unavailable',
} as const;

export type Slug = keyof typeof TITLES;

/** Thrown by a route to answer with a problem. The detail is for the caller: no SQL, no host, no driver's words. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly slug: Slug;
  readonly status: number;
  readonly fieldErrors: Readonly<Record<string, string>> | undefined;
  constructor(status: number, slug: Slug, detail: string, fieldErrors?: Readonly<Record<string, string>>) {
    super(detail);
    this.status = status;
    this.slug = slug;
    this.fieldErrors = fieldErrors;
  }
}

/** The body of the answer. */
export const problemBody = (problem: Problem, instance: string, requestId: string) => ({
  type: `https://kubernaut.ai/problems/${problem.slug}`,
  title: TITLES[problem.slug],
  status: problem.status,
  detail: problem.message,
  instance,
  ...(problem.fieldErrors === undefined ? {} : { field_errors: problem.fieldErrors }),
  request_id: requestId,
});

export const PROBLEM_TYPE = 'application/problem+json';

/** Nothing can be stored or read at the moment. */
export const unavailable = (): Problem =>
  new Problem(
    503,
    'service-unavailable',
    'The audit store cannot be reached at the moment: try again in a few seconds.',
  );

/** JSON schemas of requests and answers: they check what comes in, and are served as OpenAPI. */

export const CATEGORIES = [
  'gateway',
  'notification',
  'analysis',
  'aiagent',
  'signalprocessing',
  'workflow',
  'workflowexecution',
  'orchestration',
  'approval',
  'effectiveness',
  'actiontype',
  'apifrontend',
  'security',
  'agentsession',
] as const;

const text = (maxLength: number, minLength = 0) => ({ type: 'string', minLength, maxLength }) as const;
const uuid = { type: 'string', format: 'uuid' } as const;
const timestamp = { type: 'string', format: 'date-time' } as const;

/** An event as a client sends it. Members that are not named here are taken and left alone. */
export const AUDIT_EVENT_REQUEST = {
  type: 'object',
  required: [
    'version',
    'event_type',
    'event_timestamp',
    'event_category',
    'event_action',
    'event_outcome',
    'correlation_id',
    'event_data',
  ],
  properties: {
    version: text(20, 1),
    event_type: text(100, 1),
    event_timestamp: timestamp,
    event_category: { type: 'string', enum: CATEGORIES },
    event_action: text(50, 1),
    event_outcome: { type: 'string', enum: ['success', 'failure', 'pending'] },
    correlation_id: text(255, 1),
    event_data: { type: 'object', additionalProperties: true },
    event_id: uuid,
    actor_type: text(50),
    actor_id: text(255),
    resource_type: text(100),
    resource_id: text(255),
    resource_name: text(255),
    parent_event_id: { ...uuid, nullable: true },
    namespace: { ...text(255), nullable: true },
    cluster_id: { ...text(255), nullable: true },
    severity: { ...text(20), nullable: true },
    duration_ms: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, nullable: true },
    error_code: { ...text(50), nullable: true },
    error_message: { ...text(2048), nullable: true },
    trace_id: { ...text(255), nullable: true },
    span_id: { ...text(255), nullable: true },
  },
  additionalProperties: true,
} as const;

/** Under a size that the service checks itself, with a problem of its own. */
export const BATCH_REQUEST = { type: 'array', items: AUDIT_EVENT_REQUEST } as const;

export const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    field_errors: { type: 'object', additionalProperties: { type: 'string' } },
    request_id: { type: 'string' },
  },
} as const;

const problems = (...codes: readonly number[]) =>
  Object.fromEntries(
    codes.map((code) => [
      code,
      { description: 'Problem', content: { 'application/problem+json': { schema: PROBLEM } } },
    ]),
  );

/** The answers of a route: one schema for what it is for, problems for the rest. */
export const answers = (success: Readonly<Record<number, object>>, ...codes: readonly number[]) => ({
  ...Object.fromEntries(
    Object.entries(success).map(([code, schema]) => [
      code,
      { description: 'Success', content: { 'application/json': { schema } } },
    ]),
  ),
  ...problems(...codes),
});

export const ACCEPTED_ONE = {
  type: 'object',
  required: ['status', 'message', 'event_id'],
  properties: { status: { type: 'string' }, message: { type: 'string' }, event_id: uuid },
} as const;
export const CREATED_ONE = {
  type: 'object',
  required: ['event_id', 'event_timestamp', 'message'],
  properties: { event_id: uuid, event_timestamp: timestamp, message: { type: 'string' } },
} as const;
const ids = { type: 'array', items: uuid } as const;
export const ACCEPTED_BATCH = {
  type: 'object',
  required: ['status', 'message', 'count', 'event_ids'],
  properties: { status: { type: 'string' }, message: { type: 'string' }, count: { type: 'integer' }, event_ids: ids },
} as const;
export const CREATED_BATCH = {
  type: 'object',
  required: ['event_ids', 'message'],
  properties: { event_ids: ids, message: { type: 'string' } },
} as const;
export const EVENTS_PAGE = {
  type: 'object',
  required: ['data', 'pagination'],
  properties: {
    data: { type: 'array', items: { type: 'object', additionalProperties: true } },
    pagination: {
      type: 'object',
      required: ['limit', 'offset', 'total', 'has_more'],
      properties: {
        limit: { type: 'integer' },
        offset: { type: 'integer' },
        total: { type: 'integer' },
        has_more: { type: 'boolean' },
      },
    },
  },
} as const;
/** An answer whose members are described in the documentation. */
export const ANY_OBJECT = { type: 'object', additionalProperties: true } as const;

/** Filters of the events; checked by the route, since every fault has its own words. */
export const EVENTS_QUERY = {
  type: 'object',
  properties: {
    event_type: text(100),
    event_category: { type: 'string', enum: CATEGORIES },
    event_outcome: { type: 'string', enum: ['success', 'failure', 'pending'] },
    severity: text(20),
    correlation_id: text(255),
    since: text(64),
    until: text(64),
    detail_key: { type: 'string', pattern: '^[A-Za-z0-9_]{1,100}$' },
    detail_value: text(1000),
    rr_uid: uuid,
    chain_id: text(300),
    after_seq: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    offset: { type: 'integer', minimum: 0, maximum: 10_000_000, default: 0 },
  },
} as const;

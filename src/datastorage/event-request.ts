/** From an event as a client sends it to one that can be stored. Pure but for the clock that comes in. */
import { randomUUID } from 'node:crypto';
import { v5 } from 'uuid';
import { canonicalText, fastPayloadDigest } from '../audit/digest.ts';
import { sha256Hex } from '../postgres/canonical.ts';
import type { Placed } from '../postgres/append.ts';
import type { JsonObject } from '../remediation/json.ts';
import { depthOf } from './numbers.ts';
import { Problem } from './problem.ts';

/** A valid event, as the schema has checked it. */
export interface EventRequest {
  readonly version: string;
  readonly event_type: string;
  readonly event_timestamp: string;
  readonly event_category: string;
  readonly event_action: string;
  readonly event_outcome: string;
  readonly correlation_id: string;
  readonly event_data: JsonObject;
  readonly event_id?: string;
  readonly actor_type?: string;
  readonly actor_id?: string;
  readonly resource_type?: string;
  readonly resource_id?: string;
  readonly resource_name?: string;
  readonly parent_event_id?: string | null;
  readonly namespace?: string | null;
  readonly cluster_id?: string | null;
  readonly severity?: string | null;
  readonly duration_ms?: number | null;
  readonly error_code?: string | null;
  readonly error_message?: string | null;
  readonly trace_id?: string | null;
  readonly span_id?: string | null;
}

/** Who sends. A person's name stands in the event whatever the event says. */
export interface Caller {
  readonly name: string;
  readonly isPerson: boolean;
}

const MAX_DATA_BYTES = 256 * 1024;
const MAX_DEPTH = 10;
const MAX_AHEAD_MS = 60 * 60_000;
const MAX_BEHIND_MS = 7 * 24 * 60 * 60_000;

const ORCHESTRATOR = 'remediationorchestrator-controller';

/** The namespace of ids that are derived from content: the same event from the same caller is one event. */
const STORE_ID = v5('https://kubernaut.ai/audit-store', v5.URL);

/** The events of one request, in their order, each with its chain. Throws a Problem that names the first fault. */
export function placedEvents(
  requests: readonly EventRequest[],
  caller: Caller,
  options: { readonly now: number; readonly isBatch: boolean },
): readonly Placed[] {
  const copies = new Map<string, number>();
  return requests.map((request, index) => {
    const where = options.isBatch ? `event at index ${String(index)}: ` : '';
    const field = (name: string): string => (options.isBatch ? `[${String(index)}].${name}` : name);
    const refuse = (name: string, fault: string, why: string): never => {
      throw new Problem(400, 'validation-error', `${where}${name} ${why}`, { [field(name)]: fault });
    };
    const at = microseconds(request.event_timestamp);
    if (at === undefined) return refuse('event_timestamp', 'invalid', 'must be an RFC 3339 time');
    if (at.ms > options.now + MAX_AHEAD_MS)
      refuse('event_timestamp', 'future', 'is more than 60 minutes in the future');
    if (at.ms < options.now - MAX_BEHIND_MS) refuse('event_timestamp', 'past', 'is more than 7 days in the past');
    const text = canonicalText(request.event_data);
    if (Buffer.byteLength(text) > MAX_DATA_BYTES) refuse('event_data', 'size', 'is larger than 256 KiB');
    if (depthOf(request.event_data) > MAX_DEPTH) refuse('event_data', 'depth', 'is deeper than 10 levels');
    if (request.event_type.startsWith('orchestrator.') && request.event_data['rr_uid'] !== undefined)
      throw new Problem(403, 'forbidden', `${where}only the orchestrator writes events of its remediations`);
    return { chain: `c:${request.correlation_id}`, content: contentOf(request, at, caller, copies) };
  });
}

interface Moment {
  readonly ms: number;
  /** UTC with six fractional digits. */
  readonly text: string;
  readonly isWhole: boolean;
}

function contentOf(request: EventRequest, at: Moment, caller: Caller, copies: Map<string, number>): Placed['content'] {
  const actor = actorOf(request, caller);
  const given = <K extends keyof EventRequest>(name: K) => {
    const value: unknown = request[name];
    return value === undefined || value === null || value === '' ? {} : { [name]: value };
  };
  return {
    event_id: request.event_id?.toLowerCase() ?? idOf(request, at, caller, copies),
    event_version: request.version,
    event_timestamp: at.text,
    event_date: at.text.slice(0, 10),
    event_type: request.event_type,
    event_category: request.event_category,
    event_action: request.event_action,
    event_outcome: request.event_outcome,
    ...actor,
    resource_type: request.resource_type ?? request.event_category,
    resource_id: request.resource_id ?? request.correlation_id,
    correlation_id: request.correlation_id,
    severity: request.severity ?? 'info',
    retention_days: 2555,
    is_sensitive: false,
    ...given('resource_name'),
    ...(request.parent_event_id ? { parent_event_id: request.parent_event_id.toLowerCase() } : {}),
    ...given('namespace'),
    ...given('cluster_id'),
    ...given('duration_ms'),
    ...given('error_code'),
    ...given('error_message'),
    ...given('trace_id'),
    ...given('span_id'),
    event_data: request.event_data,
    event_data_sha256: fastPayloadDigest(request.event_data),
    step_ordinal: 0,
  };
}

/** Nobody passes for a person, or for the orchestrator, by saying so. */
function actorOf(request: EventRequest, caller: Caller): { readonly actor_type: string; readonly actor_id: string } {
  if (caller.isPerson) return { actor_type: 'user', actor_id: caller.name.slice(0, 255) };
  if (request.actor_id === ORCHESTRATOR) return { actor_type: 'service', actor_id: caller.name.slice(0, 255) };
  return {
    actor_type: request.actor_type ?? 'service',
    actor_id: request.actor_id ?? `${request.event_category}-service`,
  };
}

/** Derived from caller and content, so that a repeated request is recognised; random where content cannot tell two apart. */
function idOf(request: EventRequest, at: Moment, caller: Caller, copies: Map<string, number>): string {
  if (at.isWhole) return randomUUID();
  const digest = sha256Hex(`${caller.name}\n${canonicalText(request as unknown as JsonObject)}`);
  const copy = copies.get(digest) ?? 0;
  copies.set(digest, copy + 1);
  return v5(`${digest}/${String(copy)}`, STORE_ID);
}

const RFC3339 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})$/;

/** The moment to the microsecond; what is finer is cut. */
export function microseconds(text: string): Moment | undefined {
  const [, day, time, fraction = '', zone] = RFC3339.exec(text) ?? [];
  if (day === undefined || time === undefined || zone === undefined) return undefined;
  const second = Date.parse(`${day}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(second)) return undefined;
  const micros = fraction.slice(0, 6).padEnd(6, '0');
  return {
    ms: second + Number(micros.slice(0, 3)),
    text: new Date(second).toISOString().replace(/\.\d+Z$/, `.${micros}Z`),
    isWhole: /^0*$/.test(fraction),
  };
}

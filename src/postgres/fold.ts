/** The status that the trail tells: every event that changed it carries the change, in the order of the chain. */
import { isObject, mergePatch } from '../remediation/json.ts';
import type { Json, JsonObject } from '../remediation/json.ts';

/** The part of an event that folding needs. */
export interface Foldable {
  readonly event_type: string;
  readonly event_data: JsonObject;
}

/** What this event changed in the status; undefined when it changed nothing. An adoption brings the status as found. */
export function deltaOf(event: Foldable): JsonObject | undefined {
  const { status_delta: delta, status_snapshot: snapshot } = event.event_data;
  if (isObject(delta)) return delta;
  return event.event_type === 'orchestrator.lifecycle.adopted' && isObject(snapshot) ? snapshot : undefined;
}

/** The status after these events, on top of the one before them; conditions are keyed by their type. */
export const fold = (before: JsonObject, events: readonly Foldable[]): JsonObject =>
  events.reduce((status, event) => mergePatch(status, deltaOf(event) ?? {}), before);

/** The value without empty objects, which a merge patch leaves behind and which say nothing. */
export function withoutEmpty(value: JsonObject): JsonObject {
  const members = Object.entries(value).map(([key, member]): [string, Json | undefined] => [
    key,
    isObject(member) ? withoutEmpty(member) : member,
  ]);
  return Object.fromEntries(members.filter(([, member]) => !isObject(member) || Object.keys(member).length > 0));
}

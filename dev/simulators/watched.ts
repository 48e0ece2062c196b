/** Child objects as the simulators see them. */
import type { ObjectMeta } from '../../src/kubernetes/client.ts';
import type { Json, JsonObject } from '../../src/remediation/json.ts';
import { jsonObject, mapOf, text } from '../../src/remediation/readers.ts';
import type { SimulatedKind } from './behaviours.ts';

export interface Child {
  readonly kind: SimulatedKind;
  readonly metadata: ObjectMeta;
  readonly spec: JsonObject;
  readonly status: JsonObject;
}

/** The value at a path of members; undefined when one is missing. */
export const at = (value: Json | undefined, ...path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>((found, key) => jsonObject(found)?.[key], value);

/** The text at a path; empty when there is none. */
export const textAt = (value: Json | undefined, ...path: readonly string[]): string => text(at(value, ...path)) ?? '';

export const phaseOf = (child: Child): string => textAt(child.status, 'phase');

/** The uid of the RemediationRequest that the child belongs to. */
export const requestOf = ({ metadata }: Child): string =>
  metadata.ownerReferences?.find(({ kind }) => kind === 'RemediationRequest')?.uid ?? '';

/** The labels of the signal: only a SignalProcessing carries them. */
export const signalLabelsOf = (child: Child): Readonly<Record<string, string>> =>
  mapOf(text)(at(child.spec, 'signal', 'labels')) ?? {};

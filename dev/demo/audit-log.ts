/** Counts what was asked of the API server: its audit log has one JSON object a line. */
import { readFileSync } from 'node:fs';

/** A request as the audit log has it. */
export interface AuditedRequest {
  readonly verb: string;
  readonly requestURI: string;
  readonly userAgent?: string;
  readonly responseStatus?: { readonly code?: number };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
}

/** Every request about objects of the namespace, in the order of their answers. */
export function auditedRequests(auditLog: string, namespace: string): readonly AuditedRequest[] {
  return readFileSync(auditLog, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`"${namespace}"`) && line.endsWith('}'))
    .map((line) => JSON.parse(line) as AuditedRequest)
    .filter(({ objectRef }) => objectRef?.namespace === namespace);
}

/** Whether the request changed the status of the RemediationRequest of this name. */
export const isStatusWrite = ({ verb, objectRef, responseStatus }: AuditedRequest, name: string): boolean =>
  ['patch', 'update'].includes(verb) &&
  objectRef?.resource === 'remediationrequests' &&
  objectRef.subresource === 'status' &&
  objectRef.name === name &&
  responseStatus?.code === 200;

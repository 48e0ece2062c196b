/** The parts of a notification that are read from another object when it is made. */
import type { BodyPart, NotificationOrder } from '../children.ts';
import { isObject, mergePatch } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { boolean, listOf, number, record, text as words } from '../readers.ts';
import { body, inline, line, lines, quote } from './text.ts';

const MOST_FINDINGS = 20;
const MOST_WARNINGS = 20;

/** The whole spec of the NotificationRequest. Without a source, what is already known must do. */
export function specOf(order: NotificationOrder, source: JsonObject | undefined): JsonObject {
  const status = isObject(source?.['status']) ? source['status'] : {};
  const spec = mergePatch(order.spec, factsFrom(order, status));
  return { ...spec, body: body(...order.body.map((part) => textOf(part, status))) };
}

function textOf(part: BodyPart, status: JsonObject): string {
  if (typeof part === 'string') return part;
  switch (part.fromSource) {
    case 'alignment':
      return alignmentText(status);
    case 'warnings':
      return warningsText(status);
    case 'execution':
      return executionText(status);
  }
}

const verdictOf = (status: JsonObject) =>
  record({
    alignmentVerdict: record({
      result: words,
      summary: words,
      circuitBreakerActivated: boolean,
      findings: listOf(record({ stepIndex: number, stepKind: words, tool: words, explanation: words })),
    }),
  })(status['review'])?.alignmentVerdict;

function alignmentText(status: JsonObject): string {
  const verdict = verdictOf(status);
  if (verdict === undefined) return '';
  const findings = verdict.findings ?? [];
  const shown = findings.slice(0, MOST_FINDINGS).map(({ stepIndex, stepKind, tool, explanation }) => {
    const where = [`step ${String(stepIndex ?? '?')}`, stepKind, tool].filter(
      (part) => part !== undefined && part !== '',
    );
    return `- ${inline(where.join(', '))}: ${inline(explanation ?? '')}`;
  });
  return lines(
    line('Alignment check', inline(verdict.result ?? '')),
    verdict.summary ? quote(verdict.summary) : '',
    ...shown,
    findings.length > shown.length ? `- and ${String(findings.length - shown.length)} more` : '',
    verdict.circuitBreakerActivated === true ? 'The alignment breaker fired: do not trust the root cause below.' : '',
  );
}

function warningsText(status: JsonObject): string {
  const warnings = record({ warnings: listOf(words) })(status['investigationMetadata'])?.warnings ?? [];
  if (warnings.length === 0) return '';
  const more = warnings.length - MOST_WARNINGS;
  const shown = warnings.slice(0, MOST_WARNINGS).map((warning) => `- ${inline(warning)}`);
  return lines('Warnings of the analysis:', ...shown, more > 0 ? `- and ${String(more)} more` : '');
}

interface Execution {
  readonly retryCount?: string;
  readonly lastExitCode?: string;
}

function executionOf(status: JsonObject): Execution {
  const retries = record({ retryCount: number })(status['executionStatus'])?.retryCount;
  const code = record({ exitCode: number })(status['failureDetails'])?.exitCode;
  return {
    ...(retries === undefined ? {} : { retryCount: String(retries) }),
    ...(code === undefined ? {} : { lastExitCode: String(code) }),
  };
}

function executionText(status: JsonObject): string {
  const { retryCount, lastExitCode } = executionOf(status);
  return lines(line('Retries', retryCount), line('Exit code', lastExitCode));
}

/** The typed facts that only the source has. */
function factsFrom({ kind, source }: NotificationOrder, status: JsonObject): JsonObject {
  if (kind !== 'manual review') return {};
  if (source?.kind === 'WorkflowExecution') return { context: { execution: { ...executionOf(status) } as Json } };
  const verdict = verdictOf(status);
  if (verdict === undefined) return {};
  return {
    context: {
      review: {
        ...(verdict.result ? { alignmentVerdict: verdict.result } : {}),
        circuitBreakerActivated: verdict.circuitBreakerActivated === true,
      },
    },
  };
}

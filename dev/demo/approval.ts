/** The decision that a remediation of the demo waits for. */
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import type { Json } from '../../src/remediation/json.ts';
import { jsonObject, number, text } from '../../src/remediation/readers.ts';
import { rrctl } from './product.ts';
import type { ProductPlaces } from './product.ts';
import { canAsk, confirm, say, sayCommand, styled } from './terminal.ts';

/** Shows the plan, asks for a decision (or takes it, when nobody can be asked), and gives it through rrctl. */
export async function decide(
  name: string,
  client: KubernetesClient,
  places: ProductPlaces,
  yes: boolean,
): Promise<void> {
  say();
  say(await planOf(name, client, places.namespace));
  const asks = !yes && canAsk();
  if (!yes && !asks) say('There is no terminal to ask in, so the demo approves by itself.');
  const isApproved = !asks || (await confirm('Approve it?'));
  const words = [isApproved ? 'approve' : 'reject', name, '--message', 'seen in the demo'];
  sayCommand(`rrctl ${words.slice(0, 3).join(' ')} "seen in the demo"`);
  const { out, err, code } = await rrctl(words, places);
  say((code === 0 ? out : err).trim());
  say();
}

async function planOf(name: string, client: KubernetesClient, namespace: string): Promise<string> {
  const approval = await client.get('RemediationApprovalRequest', namespace, `rar-${name}`);
  const analysis = await client.get('AIAnalysis', namespace, `ai-${name}`);
  const plan = member(analysis?.status, 'rcaResult', 'selectedWorkflow');
  const confidence = number(member(approval?.spec, 'confidence'));
  return [
    styled('yellow', `${name} waits for a person: ${text(member(approval?.spec, 'reason')) ?? ''}`),
    `  found     ${text(member(approval?.spec, 'investigationSummary')) ?? ''}`,
    `  proposes  ${text(member(plan, 'workflowName')) ?? ''} (${parametersOf(plan)}), confidence ${String(confidence)}`,
  ].join('\n');
}

const parametersOf = (plan: Json | undefined): string =>
  Object.entries(jsonObject(member(plan, 'parameters')) ?? {})
    .map(([key, value]) => `${key}=${text(value) ?? ''}`)
    .join(', ');

const member = (value: Json | undefined, ...path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>((found, key) => jsonObject(found)?.[key], value);

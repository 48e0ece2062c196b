import assert from 'node:assert/strict';
import { createMetrics } from '../../src/metrics.ts';

const PREFIX = 'kubernaut_remediationorchestrator_';

describe('The metrics', () => {
  it("count under upstream's names and labels", async () => {
    const metrics = createMetrics({ version: '1.2.3', commit: 'abc', processFigures: false });
    metrics.transitioned({ from: 'Pending', to: 'Processing', namespace: 'ro' });
    metrics.childCreated('SignalProcessing', 'ro');
    metrics.timedOut('Analyzing', 'ro');
    metrics.approvalDecided('approved', 'ro');
    metrics.stepHandled('Pending', 'ro');
    const text = await metrics.registry.metrics();
    for (const sample of [
      'phase_transitions_total{from_phase="Pending",to_phase="Processing",namespace="ro"} 1',
      'child_crd_creations_total{child_type="SignalProcessing",namespace="ro"} 1',
      'timeouts_total{phase="Analyzing",namespace="ro"} 1',
      'approval_decisions_total{decision="approved",namespace="ro"} 1',
      'reconcile_total{namespace="ro",phase="Pending"} 1',
      `build_info{version="1.2.3",commit="abc",node="${process.version}"} 1`,
    ])
      assert.ok(text.includes(PREFIX + sample), `${sample}\n${text}`);
  });

  it('follow the commits that wait, up and down', async () => {
    const metrics = createMetrics({ version: '1', commit: '', processFigures: false });
    metrics.commitWaits('unreachable');
    metrics.commitWaits('unreachable');
    metrics.commitWaitsNoMore('unreachable');
    assert.match(await metrics.registry.metrics(), /commit_waiting\{reason="unreachable"\} 1/);
  });

  it('add figures of the process and of Node.js only when asked to', async () => {
    const bare = createMetrics({ version: '1', commit: '', processFigures: false });
    const full = createMetrics({ version: '1', commit: '', processFigures: true });
    assert.doesNotMatch(await bare.registry.metrics(), /process_cpu|nodejs_/);
    assert.match(await full.registry.metrics(), /nodejs_eventloop_lag_seconds/);
  });

  it('H-17 have no label for names, uids or fingerprints', () => {
    const { registry } = createMetrics({ version: '1', commit: '', processFigures: false });
    const labels = registry.getMetricsAsArray().flatMap((metric) => Reflect.get(metric, 'labelNames') as string[]);
    assert.ok(labels.length > 10);
    assert.deepEqual(
      labels.filter((label) => /name$|uid|fingerprint|^rr$/.test(label)),
      [],
    );
  });
});

import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { auditedRequests, isStatusWrite } from '../../dev/demo/audit-log.ts';
import { inWords, momentsOf } from './support/moments.ts';
import type { Moment } from './support/moments.ts';
import { useProduct } from './support/product.ts';
import type { TestProduct } from './support/product.ts';
import { killAtMoments } from './support/killing.ts';
import type { Fate, Victim } from './support/killing.ts';
import { STATUS_WRITES, assertRemediated } from './support/trails.ts';
import type { Path } from './support/trails.ts';

const PATHS = ['direct', 'approval'] as const;
const ARTICLE = { direct: 'a', approval: 'an' } as const;

/** What the orchestrator does is in doubt at every moment; the watcher matters when there is something to be seen. */
const MOMENTS = {
  orchestrator: () => true,
  watcher: ({ at }: Moment) => at !== 'recorded' && at !== 'child',
} as const;

/** The scenarios that a moment belongs to. */
function scenariosOf(name: keyof typeof MOMENTS, path: Path, moment: Moment): string {
  if (name === 'watcher') return moment.at === 'decided' ? 'G-03, G-05' : 'G-03';
  const whole = path === 'direct' ? 'G-01' : 'G-02';
  if (moment.at === 'recorded') return `${whole}, F-05`;
  return moment.at === 'child' && moment.kind === 'WorkflowExecution' ? `${whole}, F-51` : whole;
}

for (const name of ['orchestrator', 'watcher'] as const)
  describe(`after kill -9 of the ${name}`, function () {
    this.timeout(600_000);
    const product = useProduct({ delayMs: 30 });
    const victims = PATHS.flatMap((path) =>
      momentsOf(path)
        .filter(MOMENTS[name])
        .map((moment, index): Victim => ({ name: `${path}-${String(index)}`, path, moment })),
    );
    let fates: readonly Fate[] = [];

    before(async () => {
      fates = await killAtMoments(product(), product()[name], victims);
    });

    for (const [index, { name: request, path, moment }] of victims.entries())
      it(`when ${inWords(moment)}, ${ARTICLE[path]} ${path} remediation completes as if nothing had happened (${scenariosOf(name, path, moment)})`, async () => {
        await assertRemediated(request, path, product());
        const { kills = 0 } = fates[index] ?? {};
        const writes = statusWritesOf(product(), request);
        assert.ok(kills >= 1, 'the process was killed in the life of the remediation');
        assert.ok(writes >= STATUS_WRITES[path], `${String(writes)} status writes`);
        assert.ok(writes <= STATUS_WRITES[path] + kills, `${String(writes)} status writes with ${String(kills)} kills`);
      });

    if (name === 'orchestrator')
      it('some kills came after an effect and before its record, others after a record and before the status (F-05)', () => {
        const doubts = fates.map(({ doubt }) => doubt);
        for (const doubt of ['effect', 'record'] as const)
          assert.ok(doubts.includes(doubt), `no kill left an ${doubt} in doubt: ${JSON.stringify(doubts)}`);
      });

    it('the trails of all remediations are intact and tell what the cluster shows', async () => {
      const { code, out, err } = await product().rrctl('verify', '--all', '--json');
      assert.equal(code, 0, err);
      const { intact, verified } = JSON.parse(out) as { intact: boolean; verified: number };
      assert.deepEqual({ intact, verified }, { intact: true, verified: victims.length });
    });
  });

function statusWritesOf({ servers }: TestProduct, request: string): number {
  const requests = auditedRequests(servers.auditLog, servers.namespace);
  return requests.filter((each) => isStatusWrite(each, request)).length;
}

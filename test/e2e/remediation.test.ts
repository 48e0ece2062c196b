import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { auditedRequests, isStatusWrite } from '../../dev/demo/audit-log.ts';
import type { AuditedRequest } from '../../dev/demo/audit-log.ts';
import { CONTROLLER_NAME } from '../../src/remediation/names.ts';
import { describeRun } from '../../src/temporal/starter.ts';
import { useProduct } from './support/product.ts';
import { STATUS_WRITES, assertRemediated } from './support/trails.ts';
import type { Path } from './support/trails.ts';

/** The cost contract: what one remediation may ask of the servers. */
const LIMITS = {
  direct: { apiRequests: 24, stateTransitions: 16, historyEvents: 60 },
  approval: { apiRequests: 30, stateTransitions: 20, historyEvents: 70 },
} as const;

const TARGET_NAMESPACE = 'shop';

const SCENARIO = { direct: 'C-08', approval: 'C-09' } as const;

describe('a remediation of the built product', () => {
  const product = useProduct();

  for (const path of ['direct', 'approval'] as const) {
    const name = `cost-${path}`;

    it(`goes from created to Completed on the ${path} path, and its trail tells every step (${SCENARIO[path]})`, async () => {
      await remediate(name, path);
      await assertRemediated(name, path, product());
    });

    it(`writes its status ${String(STATUS_WRITES[path])} times on the ${path} path`, () => {
      assert.equal(requestsOf().filter((request) => isStatusWrite(request, name)).length, STATUS_WRITES[path]);
    });

    it(`writes its trail in one transaction a step on the ${path} path`, async () => {
      const { sights, pool } = product();
      const uid = sights.get('RemediationRequest', name)?.metadata.uid ?? '';
      // Every row knows the transaction that wrote it.
      const text = `select count(distinct xmin::text)::int as transactions from audit_events where rr_uid = $1`;
      const { rows } = await pool.query<{ transactions: number }>(text, [uid]);
      assert.equal(rows[0]?.transactions, STATUS_WRITES[path]);
    });

    it(`stays within the cost contract on the ${path} path`, async () => {
      const { sights, temporal } = product();
      const uid = sights.get('RemediationRequest', name)?.metadata.uid ?? '';
      const run = await describeRun(temporal, uid);
      const cost = {
        apiRequests: requestsOf().filter((request) => isByProduct(request) && isAbout(request, name)).length,
        stateTransitions: run?.stateTransitions ?? NaN,
        historyEvents: run?.historyLength ?? NaN,
      };
      for (const [figure, limit] of Object.entries(LIMITS[path])) {
        const measured = cost[figure as keyof typeof cost];
        assert.ok(
          measured <= limit,
          `${figure}: ${String(measured)}, at most ${String(limit)}; ${JSON.stringify(cost)}`,
        );
      }
    });
  }

  async function remediate(request: string, path: Path): Promise<void> {
    const { sights } = product();
    // A notification that is delivered would add a write of its own.
    await product().create(request, path, { simulate: 'nr-silent' });
    if (path === 'approval') {
      await sights.until(
        () => `${request} asks`,
        () => sights.phaseOf(request) === 'AwaitingApproval',
      );
      await product().approve(request);
    }
    await sights.until(
      () => `${request} is ${sights.phaseOf(request)}`,
      () => sights.phaseOf(request) === 'Completed',
    );
  }

  /** Requests about the remediation's own objects, and those about its target. */
  const requestsOf = (): readonly AuditedRequest[] =>
    [product().servers.namespace, TARGET_NAMESPACE].flatMap((namespace) =>
      auditedRequests(product().servers.auditLog, namespace),
    );
});

/** The product's requests: not the creation by this test, which uses its client, nor lists and watches, which serve all. */
const isByProduct = ({ verb, userAgent, objectRef }: AuditedRequest): boolean =>
  !['list', 'watch'].includes(verb) &&
  !(verb === 'create' && objectRef?.resource === 'remediationrequests') &&
  userAgent === CONTROLLER_NAME;

const isAbout = ({ objectRef }: AuditedRequest, name: string): boolean =>
  objectRef?.name === name ||
  objectRef?.name?.includes(`-${name}`) === true ||
  objectRef?.name?.startsWith(`${name}.`) === true;

import type { KubernetesObject } from '../../kubernetes/client.ts';
import { differences } from '../../postgres/differences.ts';
import type { Verification } from '../../postgres/verify.ts';
import type { Json } from '../../remediation/json.ts';
import { readRequestStatus } from '../../remediation/status-readers.ts';
import type { Status } from '../../remediation/status.ts';
import type { RequestIdentity } from '../../remediation/request.ts';
import { UsageError, command, textOf } from '../command.ts';
import type { ExitCode, Io } from '../command.ts';
import type { Dependencies } from '../ports.ts';
import { json, plain, table } from '../render.ts';
import { ledgerRow } from '../requests.ts';

/** What was found wrong with one remediation. */
interface Report {
  readonly request: RequestIdentity;
  readonly events: number;
  /** Whether its status was there to be compared with the trail. */
  readonly compared: boolean;
  readonly findings: readonly { readonly code: string; readonly seq?: number; readonly message: string }[];
}

interface Input {
  readonly request: string | undefined;
  readonly uid: string | undefined;
}

/** Recomputes the hash chain, checks the rules of trails, and compares what the trail tells with the cluster. */
export const verify = command<Input>({
  name: 'verify',
  summary: 'check that the trail is intact and tells what the cluster shows; exit code 1 when it does not',
  request: 'optional',
  flags: [
    { flags: '--all', description: 'every remediation of the namespace that the ledger knows' },
    { flags: '--uid <uid>', description: 'an earlier request of the same name' },
  ],
  examples: ['rrctl verify rr-1', 'rrctl verify --all'],
  parse: (request, options) => {
    const all = options['all'] === true;
    if (all === (request !== undefined)) throw new UsageError('name one RemediationRequest, or give --all');
    return { request, uid: textOf(options, 'uid') };
  },
  run: async ({ request, uid }, io, dependencies) => {
    const subjects =
      request === undefined
        ? await dependencies.store.remediations(dependencies.namespace())
        : [await ledgerRow(request, uid, dependencies)];
    const reports: Report[] = [];
    for (const subject of subjects) reports.push(await reportOn(subject, dependencies));
    return tell(reports, io, dependencies);
  },
});

function tell(reports: readonly Report[], io: Io, { namespace }: Dependencies): ExitCode {
  const faulty = reports.filter(({ findings }) => findings.length > 0);
  if (io.json) {
    io.out(json({ intact: faulty.length === 0, verified: reports.length, reports }));
    return faulty.length === 0 ? 0 : 1;
  }
  if (faulty.length > 0)
    io.out(
      table(
        ['REQUEST', 'CODE', 'EVENT', 'FINDING'],
        faulty.flatMap(({ request, findings }) =>
          findings.map(({ code, seq, message }) => [
            request.name,
            code,
            seq === undefined ? '-' : String(seq),
            message,
          ]),
        ),
      ),
    );
  const events = reports.reduce((sum, report) => sum + report.events, 0);
  const unseen = reports.filter(({ compared }) => !compared).length;
  const left = unseen === 0 ? '' : `; ${String(unseen)} not in the cluster any more, trail and ledger only`;
  const what = `${count(reports.length, 'remediation')}, ${count(events, 'event')} in namespace ${namespace()}${left}`;
  const verdict = faulty.length === 0 ? 'Intact' : `${String(faulty.length)} with findings`;
  io.err(`${verdict}: ${what}.`);
  return faulty.length === 0 ? 0 : 1;
}

const count = (n: number, what: string): string => `${String(n)} ${what}${n === 1 ? '' : 's'}`;

async function reportOn(subject: RequestIdentity, dependencies: Dependencies): Promise<Report> {
  const { namespace, name, uid } = subject;
  const { object, verification } = await consistent(subject, dependencies);
  const told = object === undefined ? [] : statusFindings(object, verification);
  return {
    request: { namespace, name, uid },
    events: verification.events,
    compared: object !== undefined,
    findings: [...verification.findings, ...told],
  };
}

const TRIES = 5;

/** The trail is written before the status: a difference counts only when it is still there with the trail unchanged. */
async function consistent({ namespace, name, uid }: RequestIdentity, { store, cluster }: Dependencies) {
  let verification = await store.verify(uid);
  for (let left = TRIES; ; left -= 1) {
    const found = await cluster.get('RemediationRequest', namespace, name);
    const object = found?.metadata.uid === uid ? found : undefined;
    const differs = object !== undefined && statusFindings(object, verification).length > 0;
    if (!differs || left === 0) return { object, verification };
    await pause();
    verification = await store.verify(uid);
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));

const statusFindings = (object: KubernetesObject, { fold }: Verification) =>
  differences(fold, wholeStatus(object)).map(({ path, trail, cluster }) => ({
    code: 'STATUS_MISMATCH',
    message: `status.${path} is ${word(cluster)} in the cluster and ${word(trail)} by the trail`,
  }));

/** Every member of the status, whoever wrote it, with the conditions keyed by type as the trail has them. */
function wholeStatus({ status }: KubernetesObject): Status {
  const { conditions } = readRequestStatus(status);
  const { conditions: _, ...others } = status ?? {};
  return { ...(others as Status), ...(conditions === undefined ? {} : { conditions }) };
}

const word = (value: Json | undefined): string => (value === undefined ? 'absent' : plain(JSON.stringify(value), 120));

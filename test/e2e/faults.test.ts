import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { eventually } from '../support/eventually.ts';
import { SERVERS, detourOf } from './support/detour.ts';
import type { Obstacles, ServerName } from './support/detour.ts';
import { useProduct } from './support/product.ts';
import type { TestProduct } from './support/product.ts';
import type { Program } from './support/program.ts';
import { assertRemediated } from './support/trails.ts';

/** Requests under way while a server is away. */
const IN_FLIGHT = 12;
const REFUSING_MS = 4000;
const HANGING_MS = 6000;

/** The scenario of a server that is away for ten seconds. */
const SCENARIOS: Readonly<Record<ServerName, string>> = { postgres: 'G-07', temporal: 'G-13', kubernetes: 'G-16' };

describe('while a server cannot be reached', function () {
  this.timeout(120_000);
  let obstacles: Obstacles;
  const product = useProduct({
    delayMs: 800,
    start: [],
    detour: async (places) => {
      const detour = await detourOf(places);
      obstacles = detour.obstacles;
      return detour.places;
    },
  });
  const programs = (): readonly Program[] => [product().watcher, product().orchestrator];

  before(async () => {
    await Promise.all(SERVERS.map((server) => obstacles[server].refuse()));
    await Promise.all(programs().map((program) => program.start()));
  });
  after(async () => {
    await Promise.all(SERVERS.map((server) => obstacles[server].close()));
  });

  it('from the start, both processes stay up and say which server is missing (C-06)', async () => {
    for (const program of programs())
      await eventually(async () => {
        assert.deepEqual([await program.answerOf('/healthz'), await program.answerOf('/readyz')], [200, 503]);
        assert.deepEqual(await missingFor(program), [...SERVERS].sort(), program.name);
      });
  });

  it('a request that is created meanwhile is remediated once all servers are back (G-14)', async () => {
    await product().create('early', 'direct');
    await Promise.all(SERVERS.map((server) => obstacles[server].clear()));
    await completed(product(), ['early']);
    await assertRemediated('early', 'direct', product());
    for (const program of programs()) await eventually(async () => assert.deepEqual(await missingFor(program), []));
  });

  for (const server of SERVERS)
    describe(`because ${server} first refuses connections and then does not answer`, () => {
      const names = Array.from({ length: IN_FLIGHT }, (_, index) => `${server}-${String(index)}`);
      const linesBefore = new Map<Program, number>();

      before(async () => {
        for (const program of programs()) linesBefore.set(program, changesOf(program, server).length);
        // One after the other, so that they are in different phases when the server goes away.
        for (const name of names) {
          await product().create(name, 'direct');
          await sleep(250);
        }
        await obstacles[server].refuse();
      });

      it('both processes stay up and say so', async () => {
        const gone = Date.now();
        await saidByAll(server);
        await sleep(Math.max(0, gone + REFUSING_MS - Date.now()));
        await obstacles[server].clear();
        obstacles[server].silence();
        await sleep(HANGING_MS);
        await saidByAll(server);
      });

      it(`every remediation goes on where it was, and nothing is lost or doubled (${SCENARIOS[server]})`, async () => {
        await obstacles[server].clear();
        await completed(product(), names);
        const mayBeBlocked = server === 'kubernetes';
        for (const name of names) await assertRemediated(name, 'direct', product(), mayBeBlocked);
      });

      it('each process has logged one line when the server went away and one when it was back', async () => {
        for (const program of programs()) {
          await eventually(async () => assert.deepEqual(await missingFor(program), [], program.name));
          const lines = changesOf(program, server).slice(linesBefore.get(program));
          assert.equal(lines.length, 2, `${program.name}:\n${lines.join('\n')}`);
        }
      });
    });

  async function saidByAll(server: ServerName): Promise<void> {
    for (const program of programs())
      await eventually(async () => {
        assert.ok((await missingFor(program)).includes(server), `${program.name} does not miss ${server}`);
        assert.equal(await program.answerOf('/healthz'), 200);
      });
  }

  describe('and afterwards', () => {
    it('a request that is created while no watcher runs is taken up by the next one within 5 s (G-04)', async () => {
      await product().watcher.kill();
      await product().create('unwatched', 'direct');
      await product().watcher.start();
      await product().watcher.untilReady();
      await eventually(() => assert.notEqual(product().sights.phaseOf('unwatched'), ''), { timeoutMs: 5000 });
      await completed(product(), ['unwatched']);
      await assertRemediated('unwatched', 'direct', product());
    });

    it('the trails of all remediations are intact and tell what the cluster shows', async () => {
      const { code, out, err } = await product().rrctl('verify', '--all', '--json');
      assert.equal(code, 0, `${out}${err}`);
    });
  });
});

async function completed({ sights }: TestProduct, names: readonly string[]): Promise<void> {
  const open = (): readonly string[] => names.filter((name) => sights.phaseOf(name) !== 'Completed');
  await sights.until(
    () =>
      open()
        .map((name) => `${name} is ${sights.phaseOf(name)}`)
        .join(', '),
    () => open().length === 0,
    90_000,
  );
}

/** The servers that a process says it cannot reach. */
async function missingFor(program: Program): Promise<readonly string[]> {
  const failing = (await program.checks()).filter(({ ok }) => !ok).map(({ check }) => check);
  return failing.filter((check) => SERVERS.some((server) => server === check)).sort();
}

/** The lines in which a process tells that a server has gone away or come back. */
const changesOf = (program: Program, server: ServerName): readonly string[] =>
  program
    .log()
    .split('\n')
    .filter((line) => /Check fails|Check is ok again/.test(line) && line.includes(`"check":"${server}"`));

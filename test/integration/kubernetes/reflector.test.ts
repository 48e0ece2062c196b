import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, afterEach, before, describe, it } from 'mocha';
import { createKubernetesClient } from '../../../src/kubernetes/client.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client.ts';
import { UnavailableError } from '../../../src/errors.ts';
import { startReflector } from '../../../src/kubernetes/reflector.ts';
import type { Reflector, ReflectorOptions, ReflectorState } from '../../../src/kubernetes/reflector.ts';
import { eventually } from '../../support/eventually.ts';
import { useServers } from '../../support/servers.ts';
import { aRequestNamed, setStatus } from './objects.ts';

interface Kept {
  readonly name: string;
  readonly uid: string;
  readonly version: number;
  readonly message: string;
}

const KIND = 'RemediationRequest';

describe('a reflector', function () {
  this.timeout(90_000);
  const servers = useServers({ migrate: () => Promise.resolve() });
  let client: KubernetesClient;
  let namespace = '';
  let reflector: Reflector<Kept>;
  let seen: { type: string; object: Kept; previous: Kept | undefined }[] = [];
  let states: ReflectorState[] = [];
  const running: Reflector<Kept>[] = [];

  before(() => {
    client = createKubernetesClient({ kubeconfig: servers().kubeconfigFile });
    ({ namespace } = servers());
  });
  after(() => {
    client.close();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.stop()));
    const { items } = await client.list(KIND, namespace);
    await Promise.all(items.map(({ metadata }) => client.delete(KIND, namespace, metadata.name, metadata.uid)));
  });

  const start = (options: Partial<ReflectorOptions<Kept>> = {}): Reflector<Kept> => {
    seen = [];
    states = [];
    reflector = startReflector<Kept>({
      client,
      kind: KIND,
      namespace,
      keep: ({ metadata, status }) => ({
        name: metadata.name,
        uid: metadata.uid,
        version: Number(metadata.resourceVersion),
        message: typeof status?.['message'] === 'string' ? status['message'] : '',
      }),
      handle: ({ type, object, previous }) => {
        seen.push({ type, object, previous });
      },
      onState: (state) => states.push(state),
      retry: { minMs: 20, maxMs: 200 },
      ...options,
    });
    running.push(reflector);
    return reflector;
  };
  /** Long, because a server that has just learnt of a kind takes its time before it serves watches. */
  const listed = () =>
    eventually(
      () => {
        assert.equal(reflector.state()?.kind, 'connected', JSON.stringify(reflector.state()));
        assert.equal(reflector.synced(), true);
      },
      { timeoutMs: 45_000 },
    );
  const create = (name: string) => client.create(KIND, namespace, aRequestNamed(name));
  const say = (name: string, message: string) => setStatus(client, KIND, namespace, name, { message });
  const remove = async (name: string) => {
    const { metadata } = (await client.get(KIND, namespace, name)) ?? assert.fail();
    await client.delete(KIND, namespace, name, metadata.uid);
  };
  const typesOf = (name: string) => seen.filter(({ object }) => object.name === name).map(({ type }) => type);

  /** The same client with a watch that can be cut and bent. */
  const bent = () => {
    let cut = false;
    let from: string | undefined;
    const open = new Set<{ destroy(error: Error): void }>();
    return {
      pages: client.pages,
      async watch(path: string, signal: AbortSignal) {
        if (cut) throw new UnavailableError('KUBERNETES_UNAVAILABLE', 'cut');
        const bentPath = from === undefined ? path : path.replace(/resourceVersion=\d+/, `resourceVersion=${from}`);
        from = undefined;
        const body = await client.watch(bentPath, signal);
        open.add(body);
        return body;
      },
      cut(now: boolean) {
        cut = now;
        for (const body of open) body.destroy(new Error('cut'));
        open.clear();
      },
      nextFrom(resourceVersion: string) {
        from = resourceVersion;
        for (const body of open) body.destroy(new Error('bent'));
        open.clear();
      },
    };
  };

  it('lists in pages, then tells creation, change and deletion with what was there before', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await create(name);
    start({ pageSize: 2 });
    await listed();
    assert.deepEqual(seen.map(({ type, object }) => [type, object.name]).sort(), [
      ['added', 'a'],
      ['added', 'b'],
      ['added', 'c'],
      ['added', 'd'],
      ['added', 'e'],
    ]);
    await say('a', 'one');
    await remove('a');
    await eventually(() => {
      assert.deepEqual(typesOf('a'), ['added', 'modified', 'deleted']);
    });
    const modified = seen.find(({ type }) => type === 'modified');
    assert.deepEqual([modified?.previous?.message, modified?.object.message], ['', 'one']);
    assert.deepEqual([...reflector.objects()].map(({ name }) => name).sort(), ['b', 'c', 'd', 'e']);
  });

  it('keeps the order of each object under a thousand updates and a slow handler', async () => {
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map(create));
    const versions = new Map<string, number[]>();
    let inside = 0;
    start({
      async handle({ object }) {
        assert.equal((inside += 1), 1, 'one change at a time');
        await new Promise((resolve) => setImmediate(resolve));
        versions.set(object.name, [...(versions.get(object.name) ?? []), object.version]);
        inside -= 1;
      },
    });
    await listed();
    const last = await Promise.all(
      names.map(async (name) => {
        let version = '';
        for (let i = 0; i < 250; i++) version = (await say(name, String(i))).metadata.resourceVersion;
        return Number(version);
      }),
    );
    await eventually(() => {
      assert.deepEqual(
        names.map((name) => versions.get(name)?.at(-1)),
        last,
      );
    });
    for (const told of versions.values()) {
      assert.equal(told.length, 251);
      assert.deepEqual(
        told,
        [...told].sort((a, b) => a - b),
      );
    }
  });

  it('lists again after 410 Gone, twenty times, and tells nothing twice (G-21)', async () => {
    const watching = bent();
    let lists = 0;
    start({
      client: watching,
      pageSize: 3,
      onListed: () => {
        lists += 1;
      },
    });
    await listed();
    for (let i = 1; i <= 20; i++) {
      await create(`rr-${String(i)}`);
      watching.nextFrom('1');
      await eventually(() => {
        assert.equal(lists > i, true);
        assert.equal(reflector.state()?.kind, 'connected');
      });
    }
    await say('rr-20', 'last');
    await eventually(() => {
      assert.deepEqual(typesOf('rr-20'), ['added', 'modified']);
    });
    for (let i = 1; i < 20; i++) assert.deepEqual(typesOf(`rr-${String(i)}`), ['added']);
  });

  it('finds by the next list what was deleted, changed and made anew while it was cut off', async () => {
    for (const name of ['deleted', 'changed', 'renewed', 'same']) await create(name);
    const watching = bent();
    start({ client: watching });
    await listed();
    seen = [];
    watching.cut(true);
    await remove('deleted');
    await remove('renewed');
    await create('renewed');
    await say('changed', 'first');
    await say('changed', 'second');
    watching.nextFrom('1');
    watching.cut(false);
    await eventually(() => {
      assert.deepEqual(typesOf('deleted'), ['deleted']);
      assert.deepEqual(typesOf('renewed'), ['deleted', 'added']);
      assert.deepEqual(typesOf('changed'), ['modified']);
    });
    const [gone, made] = seen.filter(({ object }) => object.name === 'renewed');
    assert.notEqual(gone?.object.uid, made?.object.uid);
    assert.deepEqual(typesOf('same'), []);
    assert.deepEqual(
      states.map(({ kind }) => kind),
      ['connected', 'disconnected', 'connected'],
      'each change of state is told once',
    );
  });

  it('goes on from where it was after a short cut, without a list', async () => {
    let lists = 0;
    const watching = bent();
    start({
      client: watching,
      onListed: () => {
        lists += 1;
      },
    });
    await listed();
    watching.cut(true);
    await create('a');
    await say('a', 'x');
    watching.cut(false);
    await eventually(() => {
      assert.deepEqual(typesOf('a'), ['added', 'modified']);
    });
    assert.equal(lists, 1);
  });

  it('renews its watch before the server has to end it, and notices nothing of it', async () => {
    let watches = 0;
    start({
      client: {
        pages: client.pages,
        watch(path, signal) {
          watches += 1;
          return client.watch(path, signal);
        },
      },
      watchSeconds: 1,
    });
    await listed();
    await eventually(() => {
      assert.ok(watches >= 3, `${String(watches)} watches`);
    });
    await create('a');
    await eventually(() => {
      assert.deepEqual(typesOf('a'), ['added']);
    });
    assert.deepEqual(
      states.map(({ kind }) => kind),
      ['connected'],
    );
  });

  it('notices a connection that has fallen silent when its watch should have ended (G-22)', async () => {
    let silent = true;
    start({
      client: {
        pages: client.pages,
        watch(path, signal) {
          if (!silent) return client.watch(path, signal);
          silent = false;
          const nothing = new PassThrough();
          signal.addEventListener('abort', () => nothing.destroy(new Error('stopped')));
          return Promise.resolve(nothing as never);
        },
      },
      watchSeconds: 1,
    });
    await listed();
    await create('a');
    await eventually(() => {
      assert.deepEqual(typesOf('a'), ['added']);
    });
    assert.equal(silent, false);
  });

  it('lists everything again now and then, and so finds what no watch told (F-34)', async () => {
    start({
      client: {
        pages: client.pages,
        // Whatever happens before the watch begins is lost to it.
        async watch(path, signal) {
          const { resourceVersion } = await client.list(KIND, namespace, { limit: 1 });
          return client.watch(path.replace(/resourceVersion=\d+/, `resourceVersion=${resourceVersion}`), signal);
        },
      },
      watchSeconds: 1,
      relistMs: 1000,
    });
    await listed();
    const names = Array.from({ length: 10 }, (_, i) => `rr-${String(i)}`);
    for (const name of names) await create(name);
    await eventually(() => {
      assert.deepEqual([...reflector.objects()].map(({ name }) => name).sort(), names);
    });
  });

  it('refuses a list that is older than what it has seen (G-23)', async () => {
    await create('a');
    let stale = false;
    const watching = bent();
    start({
      client: {
        watch: (path, signal) => watching.watch(path, signal),
        async *pages(...of) {
          for await (const page of client.pages(...of)) yield stale ? { items: [], resourceVersion: '5' } : page;
        },
      },
    });
    await listed();
    stale = true;
    watching.nextFrom('1');
    await eventually(() => {
      assert.equal(reflector.state()?.kind, 'disconnected');
    });
    assert.deepEqual(typesOf('a'), ['added'], 'an object missing there is not taken for deleted');
    stale = false;
    await listed();
    assert.deepEqual(typesOf('a'), ['added']);
  });

  it('tells a change again that its handler failed to take', async () => {
    await create('a');
    let failures = 2;
    start({
      handle({ type, object, previous }) {
        if (failures-- > 0) throw new Error('not now');
        seen.push({ type, object, previous });
      },
    });
    await listed();
    assert.deepEqual(typesOf('a'), ['added']);
  });
});

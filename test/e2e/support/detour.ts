/** Sends the product to its servers by way of obstacles. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProductPlaces } from '../../../dev/demo/product.ts';
import { placeObstacle } from './obstacle.ts';
import type { Obstacle } from './obstacle.ts';

export const SERVERS = ['postgres', 'temporal', 'kubernetes'] as const;
export type ServerName = (typeof SERVERS)[number];
export type Obstacles = Readonly<Record<ServerName, Obstacle>>;

/** The places as the product is to see them, with an obstacle before each server. */
export async function detourOf(places: ProductPlaces): Promise<{ places: ProductPlaces; obstacles: Obstacles }> {
  const database = new URL(places.databaseUrl);
  const kubeconfig = readFileSync(places.kubeconfig, 'utf8');
  const [, apiPort = ''] = /https:\/\/127\.0\.0\.1:(\d+)/.exec(kubeconfig) ?? [];
  const obstacles = {
    postgres: await placeObstacle(Number(database.port)),
    temporal: await placeObstacle(Number(places.temporalAddress.split(':')[1])),
    kubernetes: await placeObstacle(Number(apiPort)),
  };
  database.port = String(obstacles.postgres.port);
  mkdirSync(places.folder, { recursive: true });
  const file = join(places.folder, 'kubeconfig');
  writeFileSync(file, kubeconfig.replaceAll(`:${apiPort}`, `:${String(obstacles.kubernetes.port)}`), { mode: 0o600 });
  return {
    obstacles,
    places: {
      ...places,
      kubeconfig: file,
      databaseUrl: database.href,
      temporalAddress: `127.0.0.1:${String(obstacles.temporal.port)}`,
    },
  };
}

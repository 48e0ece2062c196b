/** What is measured, and how figures are summed up. */
import { readFileSync } from 'node:fs';

/** Percentiles of a series, in its own unit. */
export interface Spread {
  readonly min: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** The percentiles of the series; it may be in any order, but not empty. */
export function spread(series: readonly number[]): Spread {
  const sorted = series.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { min: at(0), p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? NaN };
}

/** The median of a series. */
export const median = (series: readonly number[]): number => spread(series).p50;

/** CPU time used so far, and the most memory held at once. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

const CLOCK_TICKS = 100;

/** What the kernel says of a process and its waited-for children. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i]), 0);
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
  return { cpuSeconds: ticks / CLOCK_TICKS, peakMiB: Number(peak ?? 0) / 1024 };
}

/** The same for a program that works in many processes: the one given and all it started. */
export function usageOfTree(pid: number): Usage {
  const all = [pid, ...descendants(pid)].map(usageOf);
  return {
    cpuSeconds: all.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakMiB: all.reduce((sum, { peakMiB }) => sum + peakMiB, 0),
  };
}

function descendants(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').trim();
    const pids = children === '' ? [] : children.split(' ').map(Number);
    return pids.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return [];
  }
}

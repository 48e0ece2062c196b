const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const REPORT_EVERY_MS = 15_000;

/** Where progress is shown: standard error, so that a command's output stays clean. */
const stream = process.stderr;

/**
 * Shows that `work` goes on: a spinner with elapsed time on a terminal, otherwise a line now and then.
 * `activity` may change its text while it runs; the last line says how it ended and how long it took.
 */
export async function showProgress<T>(
  name: string,
  activity: string,
  work: (setActivity: (activity: string) => void) => Promise<T>,
): Promise<T> {
  const started = Date.now();
  const elapsed = (): string => formatElapsed(Date.now() - started);
  let current = activity;
  let frame = 0;
  const spin = (): void => {
    frame += 1;
    const text = `${FRAMES[frame % FRAMES.length] ?? ''} ${line(name, `${current} (${elapsed()})`)}`;
    // A line that wraps could not be taken back.
    stream.write(`\r\x1b[K${text.slice(0, stream.columns - 1)}`);
  };
  const report = (): void => {
    stream.write(`  ${line(name, `${current} (${elapsed()})`)}\n`);
  };
  const isTerminal = stream.isTTY;
  if (!isTerminal) report();
  const timer = setInterval(isTerminal ? spin : report, isTerminal ? 100 : REPORT_EVERY_MS);
  try {
    const result = await work((next) => {
      current = next;
    });
    end('✔', 'done');
    return result;
  } catch (error) {
    end('✘', 'failed');
    throw error;
  } finally {
    clearInterval(timer);
  }

  function end(mark: string, outcome: string): void {
    stream.write(`${isTerminal ? '\r\x1b[K' : ''}${mark} ${line(name, `${current}: ${outcome} in ${elapsed()}`)}\n`);
  }
}

/** One finished line in the same layout as the progress lines. */
export function showLine(name: string, text: string): void {
  stream.write(`  ${line(name, text)}\n`);
}

/** Elapsed time for people: `8.4 s`, `3 min 05 s`. */
export function formatElapsed(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${String(Math.floor(whole / 60))} min ${String(whole % 60).padStart(2, '0')} s`;
}

function line(name: string, text: string): string {
  return `${name.padEnd(12)} ${text}`;
}

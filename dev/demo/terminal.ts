/** What the demo shows, coloured where that can be seen. */
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const isTerminal = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;

/** The text in a style; as it is when nobody would see the style. */
export const styled = (style: Style, text: string): string => (isTerminal ? styleText(style, text) : text);

/** Prints one line. */
export const say = (line = ''): void => {
  console.log(line);
};

/** Prints a command the way a person would type it. */
export const sayCommand = (command: string): void => {
  say(styled('bold', `$ ${command}`));
};

/** The time of day, as the lines of the demo begin. */
export const clock = (at: number | string): string => new Date(at).toTimeString().slice(0, 8);

/** Whether a person can be asked. */
export const canAsk = (): boolean => process.stdin.isTTY && process.stdout.isTTY;

/** Asks a question that is answered by yes or no; Enter means yes. */
export async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // The terminal is in raw mode while it asks, so Ctrl-C is a key and no signal.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await terminal.question(`${question} [Y/n] `);
    return !/^n/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

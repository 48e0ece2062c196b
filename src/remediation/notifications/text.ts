/** Text of notifications. What others wrote is made harmless and marked as theirs, so that it cannot pose as ours. */

const LONGEST_SUBJECT = 500;
const LONGEST_BODY_BYTES = 32 * 1024;
const LONGEST_INLINE = 300;
const LONGEST_QUOTE = 4000;
const CUT = '\n\n… (cut: the rest is in the objects named above)';

/** A word joiner: invisible, and it keeps a chat service from seeing a link or a mention. */
const JOINER = '\u2060';

const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Text of others without control characters, markup, clickable links and mentions. Line breaks stay. */
function harmless(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(CONTROL, '')
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .replaceAll('](', `]${JOINER}(`)
    .replaceAll('://', `:${JOINER}//`)
    .replace(/(^|[^\p{L}\p{N}._-])@(?=[\p{L}\p{N}_-])/gu, `$1@${JOINER}`)
    .replaceAll('`', "'");
}

/** At most so many characters; a longer text ends in `…`. Never half a character. */
export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const kept = text.slice(0, longest - 1);
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}

/** Text of others within a line of ours. */
export const inline = (text: string): string => cut(harmless(text).replace(/\s+/g, ' ').trim(), LONGEST_INLINE);

/** Text of others in lines of its own, each marked as quoted. */
export function quote(text: string): string {
  const whole = harmless(text).trim();
  const kept = cut(whole, LONGEST_QUOTE);
  const lines = kept.split('\n').map((line) => `> ${line}`.trimEnd());
  return [...lines, ...(kept === whole ? [] : [`> (${String(whole.length - kept.length + 1)} more characters)`])].join(
    '\n',
  );
}

/** A line of the form `Name: value`; nothing when there is no value. */
export const line = (name: string, value: string | undefined): string =>
  value === undefined || value === '' ? '' : `${name}: ${value}`;

/** What belongs together, line by line; what is empty is left out. */
export const lines = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join('\n');

/** A heading with the quoted text of somebody else under it; nothing when there is no text. */
export const quoted = (heading: string, text: string | undefined): string =>
  text === undefined || text.trim() === '' ? '' : `${heading}:\n${quote(text)}`;

/** The subject: one line, never empty, never too long. Callers put what others wrote through `inline` first. */
export const subject = (text: string): string => cut(text.replace(/\s+/g, ' ').trim(), LONGEST_SUBJECT);

/** The body of these blocks, with a note where it would have grown too long. */
export function body(...blocks: readonly (string | undefined)[]): string {
  const text = blocks.filter((block) => block !== undefined && block !== '').join('\n\n');
  if (utf8Length(text) <= LONGEST_BODY_BYTES) return text;
  const room = LONGEST_BODY_BYTES - utf8Length(CUT);
  let bytes = 0;
  let kept = '';
  for (const character of text) {
    bytes += utf8Length(character);
    if (bytes > room) break;
    kept += character;
  }
  return kept + CUT;
}

/** Bytes of the text in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

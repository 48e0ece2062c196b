/** Whether a JSON text can be kept without loss: what would not come back as it was sent is refused, not bent. Pure. */

/** What a look at the text alone tells. */
export interface TextFacts {
  /** The first number that a double cannot hold exactly enough to write it down again. */
  readonly lossyNumber: string | undefined;
  /** How many levels of objects and lists there are. */
  readonly depth: number;
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Looks at a JSON text without parsing it, so that no nesting is too deep for it. */
export function factsOf(text: string): TextFacts {
  let [depth, deepest, lossy]: [number, number, string | undefined] = [0, 0, undefined];
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (c === 0x22) i = endOfString(text, i);
    else if (c === 0x7b || c === 0x5b) deepest = Math.max(deepest, (depth += 1));
    else if (c === 0x7d || c === 0x5d) depth -= 1;
    else if (c === 0x2d || (c >= 0x30 && c <= 0x39)) {
      NUMBER.lastIndex = i;
      const token = NUMBER.exec(text)?.[0] ?? '-';
      lossy ??= isLossy(token) ? token : undefined;
      i += token.length - 1;
    }
  }
  return { lossyNumber: lossy, depth: deepest };
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; ; i += 1) {
    const end = text.indexOf('"', i);
    if (end === -1) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return end;
    i = end;
  }
}

function isLossy(token: string): boolean {
  // Up to fifteen characters every decimal number survives.
  if (token.length <= 15 && !/[eE]/.test(token)) return false;
  const value = Number(token);
  return !Number.isFinite(value) || normal(token) !== normal(String(value));
}

/** Digits and exponent without what does not change the number. */
function normal(token: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const stripped = digits.replace(/0+$/, '');
  if (stripped === '') return '0';
  const power = Number(exponent) - fraction.length + (digits.length - stripped.length);
  return `${sign}${stripped}e${String(power)}`;
}

/** Where a value holds U+0000 or half a character, which no database keeps; undefined when it does nowhere. */
export function unstorableText(value: unknown, path = ''): string | undefined {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const at = Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    const found = unstorableText(key) === undefined ? unstorableText(member, at) : path;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** How many levels of objects and lists a value has. */
export function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let deepest = 0;
  for (const member of Object.values(value)) deepest = Math.max(deepest, depthOf(member));
  return deepest + 1;
}

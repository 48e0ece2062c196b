/** From the bytes of a request to a value that can be kept, and from a failed check to words. */
import { Ajv } from 'ajv';
import type { ErrorObject } from 'ajv';
import formats from 'ajv-formats';
import { factsOf, unstorableText } from './numbers.ts';
import { Problem } from './problem.ts';

const DEEPEST = 64;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The JSON value of a body; a Problem when it is none, or one that would not come back as it was sent. */
export function parseBody(bytes: Buffer): unknown {
  const refuse = (slug: 'invalid_request' | 'conversion_error', detail: string): never => {
    throw new Problem(400, slug, detail);
  };
  let text = '';
  try {
    text = utf8.decode(bytes);
  } catch {
    refuse('invalid_request', 'The body is not UTF-8');
  }
  const { lossyNumber, depth } = factsOf(text);
  if (depth > DEEPEST) refuse('invalid_request', `The body is nested deeper than ${String(DEEPEST)} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    refuse('invalid_request', 'The body is not JSON');
  }
  if (lossyNumber !== undefined)
    refuse('conversion_error', `The number ${lossyNumber.slice(0, 40)} cannot be kept exactly: send it as a text`);
  const at = unstorableText(value);
  if (at !== undefined)
    refuse('conversion_error', `${at === '' ? 'A key' : at.slice(0, 200)} holds U+0000 or half a character`);
  return value;
}

const shared = { allErrors: true, strict: false, useDefaults: true } as const;
// Under node16 resolution the plug-in's type is that of its module.
const withFormats = (ajv: Ajv): Ajv => (formats as unknown as (ajv: Ajv) => Ajv)(ajv);
const exact = withFormats(new Ajv({ ...shared, coerceTypes: false }));
const coercing = withFormats(new Ajv({ ...shared, coerceTypes: true }));

/** How fastify checks a part of a request: bodies as they are, parameters as the texts they come as. */
export const validatorCompiler = ({ schema, httpPart }: { readonly schema: unknown; readonly httpPart?: string }) =>
  (httpPart === 'body' ? exact : coercing).compile(schema as object);

const MOST_FAULTS = 50;

/** What a failed check comes to: the first fault in words, all of them by field. */
export function validationProblem(errors: readonly Partial<ErrorObject>[], context: string): Problem {
  const faults = errors.map((error) => {
    const path = (error.instancePath ?? '').split('/').slice(1);
    const missing = (error.params as { missingProperty?: string } | undefined)?.missingProperty;
    const full = missing === undefined ? path : [...path, missing];
    const field = full.map((part, i) => (/^\d+$/.test(part) ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
    return {
      field,
      full,
      code: missing === undefined ? (error.keyword ?? 'invalid') : 'required',
      message: error.message ?? '',
    };
  });
  const [first] = faults;
  const index =
    first !== undefined && /^\d+$/.test(first.full[0] ?? '') ? `event at index ${first.full[0] ?? ''}: ` : '';
  const name = first?.full.slice(index === '' ? 0 : 1).join('.') ?? '';
  const what = first?.code === 'required' ? 'is required' : (first?.message ?? 'is invalid');
  const byField = Object.fromEntries(
    faults.slice(0, MOST_FAULTS).map(({ field, code }) => [field === '' ? context : field, code]),
  );
  return new Problem(400, 'validation-error', `${index}${name === '' ? context : name} ${what}`, byField);
}

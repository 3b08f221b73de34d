import type { TLocalizedValidationError } from 'typebox/error';
import { describeNumber } from './describe-number.ts';
import type { FieldError } from './problem.ts';
import { SYNTAX_WORDS } from './schemas/fields.ts';
import { REPORT_SYNTAX_WORDS } from './schemas/report-schemas.ts';

/** A thousand complaints help nobody. */
const MAX_FIELD_ERRORS = 50;
/** Keywords whose meaning a refinement on the same field says in better words. */
const SYNTAX_KEYWORDS: ReadonlySet<string> = new Set(['pattern', 'format', 'minLength']);
/** A rule over several fields begins its message with the field to change. */
const RULE_PATTERN = /^([a-z_]+): (.*)$/;

/** Every problem of a body or query once, by field, in words. `schema` is the one that found them. */
export function findFieldErrors(errors: readonly TLocalizedValidationError[], schema: object): FieldError[] {
  const refined = new Set(errors.filter((error) => error.keyword === '~refine').map((error) => error.instancePath));
  const seen = new Map<string, FieldError>();
  for (const error of errors) {
    if (SYNTAX_KEYWORDS.has(error.keyword) && refined.has(error.instancePath)) continue;
    for (const found of describeError(error, schema)) seen.set(JSON.stringify(found), found);
  }
  return [...seen.values()].slice(0, MAX_FIELD_ERRORS);
}

function describeError(error: TLocalizedValidationError, schema: object): FieldError[] {
  const field = writeField(error.instancePath);
  switch (error.keyword) {
    case 'required':
      return error.params.requiredProperties.map((name) => ({ field: joinField(field, name), message: 'is required' }));
    // One for each field that is not known; `additionalProperties` sums them up and can be cut off by their number.
    case 'boolean':
      return [{ field, message: 'is not known here' }];
    case 'additionalProperties':
      return [];
    case 'enum':
      return [{ field, message: `must be one of ${error.params.allowedValues.join(', ')}` }];
    case '~refine': {
      const rule = RULE_PATTERN.exec(error.message);
      if (rule === null) return [{ field, message: error.message }];
      return [{ field: joinField(field, rule[1] ?? ''), message: rule[2] ?? '' }];
    }
    case 'pattern':
    case 'format': {
      const syntax = `${'pattern' in error.params ? error.params.pattern : error.params.format}`;
      return [{ field, message: SYNTAX_WORDS.get(syntax) ?? REPORT_SYNTAX_WORDS.get(syntax) ?? error.message }];
    }
    case 'minProperties':
      return [{ field, message: 'must change at least one field' }];
    case 'type':
    case 'minimum':
    case 'maximum':
      return [{ field, message: describeNumber(schema, error.schemaPath) ?? error.message }];
    default:
      return [{ field, message: error.message }];
  }
}

/** "/low_balance_usd/1" becomes "low_balance_usd[1]". */
function writeField(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~').slice(0, 100))
    .reduce((path, step) => (/^\d+$/.test(step) ? `${path}[${step}]` : joinField(path, step)), '');
}

function joinField(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

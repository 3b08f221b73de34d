import { expect, test } from 'vitest';
import { findLuaMutants } from '../../bin/mutate/lua-mutants.mjs';
import { findTypeScriptMutants } from '../../bin/mutate/typescript-mutants.mjs';

interface Mutant {
  start: number;
  end: number;
  replacement: string;
}

function apply(text: string, mutants: Mutant[]): string[] {
  return mutants.map(({ start, end, replacement }) => text.slice(0, start) + replacement + text.slice(end));
}

test('a line of TypeScript is changed in every place where a mistake may be made, one at a time', () => {
  const text = 'if (left <= 1n) total += left;\n';
  expect(apply(text, findTypeScriptMutants('a.ts', text))).toEqual([
    'if (true) total += left;\n',
    'if (false) total += left;\n',
    'if (left < 1n) total += left;\n',
    'if (left > 1n) total += left;\n',
    'if (left <= 2n) total += left;\n',
    'if (left <= 1n) ;\n',
    'if (left <= 1n) total -= left;\n',
  ]);
});

test('types, imports and faults are left alone', () => {
  const text = "import a from 'a';\ntype B = 'b';\nthrow new RangeError('c');\n";
  expect(findTypeScriptMutants('a.ts', text)).toEqual([]);
});

test('a line of Lua is changed likewise; comments and places in KEYS and ARGV are not', () => {
  const text = '-- a + b\n--[[\nif 1 == 2\n]]\nif not ready and KEYS[1] == other then\n  shift(state, 3)\nend';
  expect(apply('', []).length).toBe(0);
  const changed = apply(text, findLuaMutants(text)).map((mutant) => mutant.slice(text.indexOf('if not')));
  expect(changed).toEqual([
    'if not ready and KEYS[1] ~= other then\n  shift(state, 3)\nend',
    'if not ready or KEYS[1] == other then\n  shift(state, 3)\nend',
    'if ready and KEYS[1] == other then\n  shift(state, 3)\nend',
    'if not ready and KEYS[1] == other then\n  shift(state, 4)\nend',
    'if not ready and KEYS[1] == other then\n\nend',
  ]);
});

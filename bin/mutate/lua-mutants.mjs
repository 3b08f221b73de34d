/** A word of a reply or of a rule; what a fault says has spaces and is for people. */
const TEXT = /'[a-z_;]+'/g;

/** What each piece of Lua becomes, one mutant each; words within a text stay. Longer operators come first. */
const PIECES = [
  [/==/g, ['~=']],
  [/~=/g, ['==']],
  [/<=/g, ['<', '>']],
  [/>=/g, ['>', '<']],
  [/ < /g, [' <= ', ' >= ']],
  [/ > /g, [' >= ', ' <= ']],
  [/ \+ /g, [' - ']],
  [/ - /g, [' + ']],
  [/ \* /g, [' + ']],
  [/ and /g, [' or ']],
  [/ or /g, [' and ']],
  [/\bnot /g, ['']],
  [/\btrue\b/g, ['false']],
  [/\bfalse\b/g, ['true']],
  [/\bmath\.min\b/g, ['math.max']],
  [/\bmath\.max\b/g, ['math.min']],
  [TEXT, ["'mutated'"]],
];

/** Numbers of a rule, not places in KEYS, ARGV or a list. */
const NUMBER = /(?<![\w.[%])\d+(?![\w.\]])/g;
/** A statement on a line of its own that can be left out. */
const STATEMENT =
  /^\s*(?!local |return|function|for |if |while |elseif |else|end|break|repeat|until)[\w.]+(\(.*\)|( = | \[).*[^,{(])$/;

/** Every small change of a Lua script that might be a mistake: `{ start, end, replacement }`, in order of the lines. */
export function findLuaMutants(text) {
  const mutants = [];
  let start = 0;
  let inComment = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('--[[')) inComment = true;
    if (!inComment && !/^\s*(--|#!)/.test(line)) mutants.push(...mutateLine(line, start));
    if (line.startsWith(']]')) inComment = false;
    start += line.length + 1;
  }
  return mutants;
}

function mutateLine(line, start) {
  const code = line.replace(/ --.*$/, '');
  const blank = code.replace(/'[^']*[^'\d][^']*'/g, (text) => `'${'_'.repeat(text.length - 2)}'`);
  const found = [];
  for (const [piece, replacements] of PIECES) {
    for (const match of (piece === TEXT ? code : blank).matchAll(piece)) {
      for (const replacement of replacements) {
        found.push({ start: start + match.index, end: start + match.index + match[0].length, replacement });
      }
    }
  }
  for (const match of blank.matchAll(NUMBER)) {
    const replacement = `${BigInt(match[0]) + 1n}`;
    found.push({ start: start + match.index, end: start + match.index + match[0].length, replacement });
  }
  if (STATEMENT.test(code)) found.push({ start, end: start + code.length, replacement: '' });
  return found;
}

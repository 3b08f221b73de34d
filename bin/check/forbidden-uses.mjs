import ts from 'typescript';

const PROCESS_FILES = /^src\/(main\.ts|cli\.ts|cli\/)/;
const PURE_FILES = /^src\/(domain|anthropic)\//;

/** Names as they are written in code, the files that may use them, and the sentence for those that may not. */
const RULES = [
  { names: ['process.env'], allowed: /^src\/config\//, sentence: 'process.env is read in src/config/ only' },
  {
    names: ['process.exit', 'process.exitCode', 'process.abort', 'process.kill', 'process.reallyExit'],
    allowed: PROCESS_FILES,
    sentence: 'only main.ts and the command line end the process',
  },
  {
    names: [
      'Date.now',
      'Math.random',
      'performance.now',
      'Temporal.Now',
      'crypto.randomUUID',
      'crypto.getRandomValues',
      'setTimeout',
      'setInterval',
      'setImmediate',
      'process',
      'Buffer',
    ],
    allowed: /^(?!src\/(domain|anthropic)\/)/,
    sentence: 'domain/ and anthropic/ are pure: no clock, no chance, no Node',
  },
];

const SIGNAL_METHODS = ['process.on', 'process.once', 'process.addListener', 'process.prependListener'];

/** What a source file does that its folder may not. Answers positions in the text and sentences. */
export function findForbiddenUses(name, source) {
  const found = [];
  const report = (node, sentence) => found.push({ position: node.getStart(source), sentence });
  const visit = (node) => {
    const use = dottedName(node);
    for (const rule of RULES) if (rule.names.includes(use) && !rule.allowed.test(name)) report(node, rule.sentence);
    if (isSignalHandler(node) && !PROCESS_FILES.test(name))
      report(node, 'only main.ts and the command line handle signals');
    if (isClockReading(node) && PURE_FILES.test(name)) report(node, 'domain/ and anthropic/ are pure: no clock');
    if (isProcessImport(node)) report(node, 'use the global process, which this check can see, not an import of it');
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** `process.env` for `process.env.X`, `process["env"]` and `globalThis.process.env`; a bare global's name for itself. */
function dottedName(node) {
  const parts = [];
  let current = node;
  while (ts.isPropertyAccessExpression(current) || ts.isElementAccessExpression(current)) {
    const key = ts.isPropertyAccessExpression(current) ? current.name : current.argumentExpression;
    if (!ts.isIdentifier(key) && !ts.isStringLiteral(key)) return undefined;
    parts.unshift(key.text);
    current = current.expression;
  }
  if (!ts.isIdentifier(current)) return undefined;
  if (parts.length === 0 && isNameOnly(current)) return undefined;
  const names = [current.text, ...parts];
  return (names[0] === 'globalThis' ? names.slice(1) : names).join('.');
}

/** An identifier that is a property's, parameter's or declaration's name, not a value that is read. */
function isNameOnly(node) {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (!ts.isShorthandPropertyAssignment(parent) && 'name' in parent && parent.name === node) ||
    ts.isTypeReferenceNode(parent)
  );
}

/** `process.on('SIGTERM', ...)`, and any event whose name cannot be seen. */
function isSignalHandler(node) {
  if (!ts.isCallExpression(node) || !SIGNAL_METHODS.includes(dottedName(node.expression))) return false;
  const [event] = node.arguments;
  return event === undefined || !ts.isStringLiteral(event) || event.text.startsWith('SIG');
}

/** `new Date()` and `Date()` read the clock; `new Date(x)` does not. */
function isClockReading(node) {
  const isDate = (ts.isNewExpression(node) || ts.isCallExpression(node)) && dottedName(node.expression) === 'Date';
  return isDate && (ts.isCallExpression(node) || (node.arguments ?? []).length === 0);
}

function isProcessImport(node) {
  return ts.isImportDeclaration(node) && ['process', 'node:process'].includes(node.moduleSpecifier.text);
}

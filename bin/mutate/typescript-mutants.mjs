import ts from 'typescript';

const { SyntaxKind } = ts;

/** What each operator becomes, one mutant each. */
const OPERATORS = new Map([
  [SyntaxKind.PlusToken, ['-']],
  [SyntaxKind.MinusToken, ['+']],
  [SyntaxKind.AsteriskToken, ['+']],
  [SyntaxKind.SlashToken, ['*']],
  [SyntaxKind.PercentToken, ['*']],
  [SyntaxKind.PlusEqualsToken, ['-=']],
  [SyntaxKind.MinusEqualsToken, ['+=']],
  [SyntaxKind.LessThanToken, ['<=', '>=']],
  [SyntaxKind.LessThanEqualsToken, ['<', '>']],
  [SyntaxKind.GreaterThanToken, ['>=', '<=']],
  [SyntaxKind.GreaterThanEqualsToken, ['>', '<']],
  [SyntaxKind.EqualsEqualsEqualsToken, ['!==']],
  [SyntaxKind.ExclamationEqualsEqualsToken, ['===']],
  [SyntaxKind.AmpersandAmpersandToken, ['||']],
  [SyntaxKind.BarBarToken, ['&&']],
]);

/** Every small change of a TypeScript source that might be a mistake: `{ start, end, replacement }`, in order. */
export function findTypeScriptMutants(name, text) {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const mutants = [];
  const add = (node, replacement) => mutants.push({ start: node.getStart(), end: node.getEnd(), replacement });
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || isFault(node)) return;
    for (const [mutated, replacement] of mutate(node)) add(mutated, replacement);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return mutants;
}

/** A thrown fault says that a rule is wrong: its words are for people. */
function isFault(node) {
  return ts.isThrowStatement(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
}

function mutate(node) {
  if (ts.isBinaryExpression(node)) {
    return (OPERATORS.get(node.operatorToken.kind) ?? []).map((replacement) => [node.operatorToken, replacement]);
  }
  if (ts.isIfStatement(node)) return bothWays(node.expression);
  if (ts.isConditionalExpression(node)) return bothWays(node.condition);
  if (ts.isPrefixUnaryExpression(node) && node.operator === SyntaxKind.ExclamationToken) {
    return [[node, node.operand.getText()]];
  }
  if (ts.isBigIntLiteral(node) || ts.isNumericLiteral(node)) return [[node, nextNumber(node.getText())]];
  if (node.kind === SyntaxKind.TrueKeyword) return [[node, 'false']];
  if (node.kind === SyntaxKind.FalseKeyword) return [[node, 'true']];
  if (ts.isExpressionStatement(node)) return [[node, ';']];
  if (ts.isStringLiteral(node) && !ts.isPropertyName(node.parent)) return [[node, "'mutated'"]];
  return [];
}

function bothWays(condition) {
  return [
    [condition, 'true'],
    [condition, 'false'],
  ];
}

function nextNumber(text) {
  const isBig = text.endsWith('n');
  const digits = text.replaceAll('_', '').replace(/n$/, '');
  return isBig ? `${BigInt(digits) + 1n}n` : `${Number(digits) + 1}`;
}

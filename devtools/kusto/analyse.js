// Parses and analyses Kusto queries with Microsoft's own language service, and says what each uses.
//
// In: {"library": folder, "tables": {name: "(column:type, …)"}, "queries": {name: text}} as JSON on stdin.
// Out: {name: {"faults": […], "columns": […], "uses": […], "renamed": […]}} as JSON on stdout. One start for all queries.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const asked = JSON.parse(fs.readFileSync(0, "utf8"));
require(path.join(asked.library, "bridge.min.js"));
require(path.join(asked.library, "Kusto.Language.Bridge.min.js"));
const { GlobalState, KustoCode, Symbols, Syntax } = globalThis.Kusto.Language;
const { SyntaxKind } = Syntax;

const COMPARISONS = new Set(
  ["EqualExpression", "NotEqualExpression", "EqualTildeExpression", "InExpression", "NotInExpression", "HasExpression", "ContainsExpression",
    "StartsWithExpression"].map((name) => SyntaxKind[name]),
);

const tables = Object.entries(asked.tables).map(([name, schema]) => new Symbols.TableSymbol.$ctor7(name, schema, ""));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor("application-insights", tables));

function listed(list) {
  return Array.from({ length: list.Count }, (_, index) => list.getItem(index));
}

function children(node) {
  return Array.from({ length: node.ChildCount }, (_, index) => node.GetChild(index)).filter(Boolean);
}

function walk(node, see) {
  if (see(node) === false) return;
  for (const child of children(node)) walk(child, see);
}

function faults(code, text) {
  return listed(code.GetDiagnostics()).map((found) => {
    const before = text.slice(0, found.Start).split("\n");
    return { line: before.length, column: before.at(-1).length + 1, message: found.Message };
  });
}

function columns(code) {
  return code.ResultType && code.ResultType.Columns ? listed(code.ResultType.Columns).map((column) => [column.Name, column.Type.Name]) : [];
}

function isTable(node) {
  return node.Kind === SyntaxKind.NameReference && tables.includes(node.ReferencedSymbol);
}

/** The whole of what is done with a table before it meets another one. */
function pipeOf(table) {
  let node = table;
  while (node.Parent && node.Parent.Kind === SyntaxKind.PipeExpression && node.NameInParent === "Expression") node = node.Parent;
  return node;
}

/** The key of ``bag.key`` or ``bag["key"]``, where ``bag`` is this column. */
function keyOf(node, bag) {
  if (node.Kind !== SyntaxKind.PathExpression && node.Kind !== SyntaxKind.ElementExpression) return null;
  if (node.Expression.SimpleName !== bag) return null;
  const literals = [];
  walk(node.Selector, (inner) => void (inner.Kind === SyntaxKind.StringLiteralExpression && literals.push(inner.LiteralValue)));
  return literals[0] ?? node.Selector.SimpleName;
}

function comparison(node) {
  if (!COMPARISONS.has(node.Kind) || node.Left.Kind !== SyntaxKind.NameReference) return null;
  const values = [];
  walk(node.Right, (inner) => void (inner.Kind === SyntaxKind.StringLiteralExpression && values.push(inner.LiteralValue)));
  return values.length > 0 ? [node.Left.SimpleName, values] : null;
}

/** What one use of a table reads: the keys of customDimensions, and the texts columns are compared with. */
function use(table, pipes) {
  const pipe = pipeOf(table);
  const keys = new Set();
  const compared = [];
  walk(pipe, (node) => {
    if (node !== pipe && pipes.has(node)) return false;
    const key = keyOf(node, "customDimensions");
    if (key !== null) keys.add(key);
    const found = comparison(node);
    if (found !== null) compared.push(found);
    return true;
  });
  return { table: table.SimpleName, keys: [...keys], compared };
}

/** Columns that do not have the name of the key they hold: ``[[column, key], …]``. */
function renamed(code) {
  const found = [];
  walk(code.Syntax, (node) => {
    if (node.Kind !== SyntaxKind.SimpleNamedExpression) return;
    walk(node.Expression, (inner) => {
      const key = keyOf(inner, "customDimensions");
      const name = node.Name.SimpleName;
      if (key !== null && key !== name) found.push([name, key]);
    });
  });
  return found;
}

function analysed(text) {
  const code = KustoCode.ParseAndAnalyze(text, globals);
  const found = [];
  walk(code.Syntax, (node) => void (isTable(node) && found.push(node)));
  const pipes = new Set(found.map(pipeOf));
  return { faults: faults(code, text), columns: columns(code), uses: found.map((table) => use(table, pipes)), renamed: renamed(code) };
}

const answer = Object.fromEntries(Object.entries(asked.queries).map(([name, text]) => [name, analysed(text)]));
process.stdout.write(JSON.stringify(answer));

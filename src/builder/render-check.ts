/**
 * What a template may say, checked on its syntax tree before anything runs: loops, conditions, filters and values, but
 * only variables that exist, and no calls. A template is data that may come from strangers; with a call it could reach
 * the process that renders it.
 */

import { nearest } from "../lib/nearest.ts";

/** A node of nunjucks' tree, as far as it is looked at. */
export type TemplateNode = {
  readonly typename: string;
  /** From 0. */
  readonly lineno: number;
  readonly fields: readonly string[];
  readonly [field: string]: unknown;
};

/** What is wrong, and in which line, from 1. */
export type TemplateFault = { readonly line: number; readonly words: string };

/** Nodes that are no more than the nodes in them. */
const PLAIN_NODES = new Set([
  ...["Root", "NodeList", "Output", "TemplateData", "Literal", "Group", "Array", "Dict", "LookupVal", "Slice"],
  ...["If", "InlineIf", "In", "Or", "And", "Not", "Add", "Concat", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow"],
  ...["Neg", "Pos", "Compare", "CompareOperand", "Capture"],
]);

/** The first fault of a template whose variables are `known`, or undefined when it may be rendered. */
export function findFault(tree: TemplateNode, known: Iterable<string>): TemplateFault | undefined {
  return faultIn(tree, new Set(known));
}

function faultIn(value: unknown, scope: Set<string>): TemplateFault | undefined {
  if (Array.isArray(value)) return firstOf(value, scope);
  if (!isNode(value)) return undefined;
  switch (value.typename) {
    case "Symbol":
      return scope.has(String(value.value)) ? undefined : unknownVariable(value, scope);
    case "For":
      return faultIn(value.arr, scope) ?? firstOf([value.body, value.else_], within(scope, value.name));
    case "Set":
      return setFault(value, scope);
    case "Pair":
      return faultIn(value.value, scope);
    case "Filter":
      return filterFault(value, scope);
    case "Is":
      // What it is compared with is the name of a test.
      return isSymbol(value.left) ? undefined : faultIn(value.left, scope);
    case "FunCall":
      return faultAt(value, "calls something; templates hold values, loops, conditions and filters only");
    default:
      if (PLAIN_NODES.has(value.typename)) return firstOf(partsOf(value), scope);
      return faultAt(value, `uses ${value.typename.toLowerCase()}, which templates of runtimes can't`);
  }
}

function firstOf(values: readonly unknown[], scope: Set<string>): TemplateFault | undefined {
  for (const value of values) {
    const fault = faultIn(value, scope);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Its names are known to everything after it. */
function setFault(node: TemplateNode, scope: Set<string>): TemplateFault | undefined {
  const fault = firstOf([node.value, node.body], scope);
  for (const name of namesOf(node.targets)) scope.add(name);
  return fault;
}

/** `default` is there for what may be missing. */
function filterFault(node: TemplateNode, scope: Set<string>): TemplateFault | undefined {
  const args = partsOf(node.args as TemplateNode);
  const isForMissing = ["default", "d"].includes(String((node.name as TemplateNode).value)) && isSymbol(args[0]);
  return firstOf(isForMissing ? args.slice(1) : args, scope);
}

function unknownVariable(node: TemplateNode, scope: Set<string>): TemplateFault {
  const name = String(node.value);
  const close = nearest(name, scope);
  const hint = close === undefined ? `known are ${[...scope].join(", ")}` : `did you mean ${close}?`;
  return faultAt(node, `uses ${JSON.stringify(name)}, which is no variable; ${hint}`);
}

function faultAt(node: TemplateNode, words: string): TemplateFault {
  return { line: node.lineno + 1, words };
}

function within(scope: ReadonlySet<string>, names: unknown): Set<string> {
  return new Set([...scope, "loop", ...namesOf(names)]);
}

function namesOf(targets: unknown): readonly string[] {
  if (Array.isArray(targets)) return targets.flatMap(namesOf);
  if (!isNode(targets)) return [];
  return targets.typename === "Symbol" ? [String(targets.value)] : partsOf(targets).flatMap(namesOf);
}

function partsOf(node: TemplateNode): readonly unknown[] {
  return Array.isArray(node.children) ? node.children : node.fields.map((field) => node[field]);
}

function isSymbol(value: unknown): boolean {
  return isNode(value) && value.typename === "Symbol";
}

function isNode(value: unknown): value is TemplateNode {
  return typeof value === "object" && value !== null && "typename" in value && "fields" in value;
}

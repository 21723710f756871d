import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** One change that breaks the code on purpose. */
export interface Mutation {
  /** Relative to the project's root. */
  file: string;
  /** The function, method or constant to break. Without it, the whole file is searched. */
  in?: string;
  /** Code that occurs there exactly once. Line breaks and spaces make no difference. */
  from: string;
  to: string;
}

const root = join(__dirname, '..', '..');
/** The folders that every mutant needs; the caller adds its own. */
const code = ['contracts', 'activities', 'workflows', 'workers'];

/**
 * A copy of the code with these changes, inside the project so that its packages resolve. The
 * caller loads the code that must fail from it, and removes it afterwards.
 */
export function mutate(
  mutations: readonly Mutation[],
  besides: readonly string[] = [],
): { folder: string; remove: () => void } {
  mkdirSync(join(root, '.local'), { recursive: true });
  const folder = mkdtempSync(join(root, '.local', 'mutant-'));
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const name of [...code, 'package-lock.json', ...besides]) {
      cpSync(join(root, name), join(folder, name), { recursive: true });
    }
    for (const [file, text] of mutated(mutations)) writeFileSync(join(folder, file), text);
    return { folder, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The code after the mutation. It needs no copy, so that every mutant can be tried in a moment. */
export function mutated(mutations: readonly Mutation[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const mutation of mutations) {
    const { file } = mutation;
    texts.set(file, changed(texts.get(file) ?? readFileSync(join(root, file), 'utf8'), mutation));
  }
  return texts;
}

/** @throws Error unless there is exactly one place to break; it says where to look instead */
function changed(text: string, mutation: Mutation): string {
  const [place, ...more] = placesIn(text, mutation);
  if (!place || more.length > 0) throw new Error(whatToDo(mutation, place ? 1 + more.length : 0));
  return text.slice(0, place.from) + mutation.to + text.slice(place.to);
}

interface Span {
  from: number;
  to: number;
}

function placesIn(text: string, { in: name, from }: Omit<Mutation, 'file' | 'to'>): Span[] {
  const found = [...text.matchAll(patternOf(from))].map(({ index, 0: code }) => {
    return { from: index, to: index + code.length };
  });
  if (name === undefined || found.length === 0) return found;
  const scopes = declarationsOf(text, name);
  return found.filter((one) => scopes.some((it) => it.from <= one.from && one.to <= it.to));
}

/** Matches this code however its lines are broken, which also decides about a last comma. */
function patternOf(code: string): RegExp {
  const tokens = code.match(/[\w$]+|[^\w$\s]/g) ?? [];
  const sources = tokens.map((token) => {
    if (/\w/.test(token)) return `\\b${token.replaceAll('$', '\\$')}\\b`;
    return `${/[)\]}]/.test(token) ? ',?\\s*' : ''}${token.replace(/[\^$.*+?()[\]{}|/\\]/, '\\$&')}`;
  });
  return new RegExp(sources.join('\\s*'), 'g');
}

/** Where the file declares something of this name that has code in it. */
function declarationsOf(text: string, name: string): Span[] {
  const file = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
  const found: Span[] = [];
  const visit = (node: ts.Node): void => {
    const isDeclared =
      (ts.isFunctionDeclaration(node) ||
        ts.isMethodDeclaration(node) ||
        ts.isVariableDeclaration(node) ||
        ts.isPropertyAssignment(node)) &&
      node.name?.getText(file) === name;
    if (isDeclared) found.push({ from: node.getStart(file), to: node.end });
    else ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function whatToDo({ file, in: name, from }: Mutation, times: number): string {
  const others = code
    .flatMap((folder) => codeIn(folder))
    .filter((other) => {
      return placesIn(readFileSync(join(root, other), 'utf8'), { from }).length > 0;
    });
  return [
    `${file}${name === undefined ? '' : `, ${name}`}: a mutant finds ${String(times)} places to break, not one: ${from}`,
    'The code has changed. Let the mutant break the code that keeps the promise now: change its',
    'file, in or from (tests/mutants/mutate.ts). Delete it only together with the promise.',
    `Files with that code: ${others.join(', ') || 'none'}`,
  ].join('\n');
}

function codeIn(folder: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => join(folder, name));
}

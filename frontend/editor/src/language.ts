// PostgreSQL for the editor: colours inside `$$` bodies, folding of them, completion of names.
// It colours and completes only; what is right or wrong is said by the findings.

import { type CompletionContext, completeAnyWord, type CompletionResult } from "@codemirror/autocomplete";
import { keywordCompletionSource, PostgreSQL, schemaCompletionSource, SQLDialect } from "@codemirror/lang-sql";
import { foldService, syntaxTree } from "@codemirror/language";
import { Compartment, type Extension } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { type Input, parseMixed, type SyntaxNodeRef } from "@lezer/common";

/** Objects by name as SQL writes them, each with its columns. */
export type Names = Readonly<Record<string, readonly string[]>>;

/** `$tag$` at the start of a body. */
const OPENING = /^\$\w*\$/;
/** No tag is longer than an identifier. */
const LONGEST_OPENING = 66;

const plain = SQLDialect.define({
  ...PostgreSQL.spec,
  types: `${PostgreSQL.spec.types ?? ""} jsonpath record regclass regtype vector void`,
});

const dialect = plain.configureLanguage({
  // PL/pgSQL is SQL with more verbs, and PostgreSQL's keyword list holds those: the same parser reads bodies.
  wrap: parseMixed((node, input) => {
    const body = bodyOf(node, (from, to) => slice(input, from, to));
    return body ? { parser: plain.language.parser, overlay: [body] } : null;
  }),
});

function slice(input: Input, from: number, to: number): string {
  return input.read(from, Math.min(to, input.length));
}

/** The text between the dollar quotes, when the node is such a string and spans more than its quotes. */
function bodyOf(node: SyntaxNodeRef, read: (from: number, to: number) => string): { from: number; to: number } | undefined {
  if (node.name !== "String") return undefined;
  const tag = OPENING.exec(read(node.from, Math.min(node.to, node.from + LONGEST_OPENING)))?.[0];
  if (tag === undefined) return undefined;
  const closed = node.to - node.from >= 2 * tag.length && read(node.to - tag.length, node.to) === tag;
  const from = node.from + tag.length;
  const to = closed ? node.to - tag.length : node.to;
  return from < to ? { from, to } : undefined;
}

const foldBodies = foldService.of((state, lineStart, lineEnd) => {
  let found: { from: number; to: number } | null = null;
  syntaxTree(state).iterate({
    from: lineStart,
    to: lineEnd,
    enter: (node) => {
      if (found || node.from < lineStart) return;
      const body = bodyOf(node, (from, to) => state.sliceDoc(from, to));
      if (body && body.to > lineEnd) found = body;
    },
  });
  return found;
});

const names = new Compartment();

function nameSource(known: Names): Extension {
  return dialect.language.data.of({ autocomplete: schemaCompletionSource({ dialect, schema: known, defaultSchema: "public" }) });
}

/** Words of the file itself, where a name is being written; keywords and known names come from elsewhere. */
function wordsOfFile(context: CompletionContext): CompletionResult | null | Promise<CompletionResult | null> {
  const inside = syntaxTree(context.state).resolveInner(context.pos, -1).name;
  return inside.endsWith("Comment") ? null : completeAnyWord(context);
}

/** Colours, folding and completion. */
export function language(): Extension {
  return [
    dialect.language,
    dialect.language.data.of({ autocomplete: keywordCompletionSource(dialect) }),
    dialect.language.data.of({ autocomplete: wordsOfFile }),
    names.of(nameSource({})),
    foldBodies,
  ];
}

/** Gives the completion other names. */
export function setNames(view: EditorView, known: Names): void {
  view.dispatch({ effects: names.reconfigure(nameSource(known)) });
}

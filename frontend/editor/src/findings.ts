// Findings as squiggles, gutter marks and cards with a fix.
// They come from Rust as they are; nothing is judged here.

import { isolateHistory } from "@codemirror/commands";
import { type Diagnostic, linter, lintGutter, nextDiagnostic, previousDiagnostic, setDiagnostics } from "@codemirror/lint";
import { type ChangeSpec, type EditorState, type Extension, StateEffect, StateField, type Text } from "@codemirror/state";
import type { EditorView, KeyBinding } from "@codemirror/view";

/** The kernel's `Finding`, its offsets in UTF-16 units. */
export interface Finding {
  rule: string;
  severity: "error" | "warning" | "info";
  message: string;
  start: number;
  end: number;
  help: string;
  fix?: { title: string; edits: readonly { start: number; end: number; text: string }[] };
  /** The reason of the suppression that covers it. */
  allowed?: string;
}

/** More marks than anybody reads would only cost time; the page's list has them all. */
const MOST_MARKS = 2000;

interface Known {
  findings: readonly Finding[];
  /** The text they are about. Edits that came since make their offsets, and so their fixes, void. */
  doc: Text | undefined;
}

const replace = StateEffect.define<Known>();

const known = StateField.define<Known>({
  create: () => ({ findings: [], doc: undefined }),
  update: (value, transaction) => transaction.effects.reduce((last, effect) => (effect.is(replace) ? effect.value : last), value),
});

/** Squiggles, gutter and cards. */
export function findings(): Extension {
  return [known, linter(null), lintGutter({ hoverTime: 200 })];
}

/** Shows these findings of the present text, in place of all earlier ones. */
export function showFindings(view: EditorView, list: readonly Finding[]): void {
  const { state } = view;
  const diagnostics = list.slice(0, MOST_MARKS).map((finding, index) => diagnostic(state, finding, index));
  const spec = setDiagnostics(state, diagnostics);
  view.dispatch(spec, { effects: replace.of({ findings: list, doc: state.doc }) });
}

/** Applies a fix as one undo step. False when the finding has none, or the text is no longer the one it is about. */
export function applyFix(view: EditorView, index: number): boolean {
  const { findings: list, doc } = view.state.field(known);
  const edits = list[index]?.fix?.edits;
  if (edits === undefined || view.state.readOnly || doc === undefined || !view.state.doc.eq(doc)) return false;
  const changes: ChangeSpec[] = edits.map(({ start, end, text }) => ({ from: start, to: end, insert: view.state.toText(text) }));
  view.dispatch({ changes, userEvent: "input.fix", annotations: isolateHistory.of("full"), scrollIntoView: true });
  return true;
}

/** F8 and Shift+F8 move and open the card; Mod+. applies the first fix at the cursor. */
export const findingsKeymap: readonly KeyBinding[] = [
  { key: "F8", run: nextDiagnostic, shift: previousDiagnostic, preventDefault: true },
  { key: "Mod-.", run: fixAtCursor },
];

function fixAtCursor(view: EditorView): boolean {
  const { head } = view.state.selection.main;
  const line = view.state.doc.lineAt(head);
  const { findings: list } = view.state.field(known);
  const here = (finding: Finding) => finding.fix !== undefined && finding.allowed === undefined;
  const at = list.findIndex((finding) => here(finding) && finding.start <= head && head <= finding.end);
  const onLine = list.findIndex((finding) => here(finding) && line.from <= finding.start && finding.start <= line.to);
  return applyFix(view, at >= 0 ? at : onLine);
}

function diagnostic(state: EditorState, finding: Finding, index: number): Diagnostic {
  const from = Math.min(finding.start, state.doc.length);
  // A whole function underlined is noise: the mark ends with its first line, the message says the rest.
  const to = Math.max(from, Math.min(finding.end, state.doc.lineAt(from).to));
  return {
    from,
    to,
    severity: finding.allowed === undefined ? finding.severity : "hint",
    message: finding.message,
    renderMessage: (view) => card(view, finding, index),
  };
}

function card(view: EditorView, finding: Finding, index: number): HTMLElement {
  const rule = element("a", "sql-finding-rule", finding.rule);
  rule.href = `/rules/${encodeURIComponent(finding.rule)}`;
  const severity = finding.allowed === undefined ? finding.severity : "allowed";
  const root = element("div", "sql-finding");
  root.dataset["severity"] = severity;
  const head = element("div", "sql-finding-head");
  head.append(element("span", "sql-finding-severity", severity), rule);
  root.append(head, element("p", "sql-finding-message", finding.message));
  if (finding.help !== "") root.append(element("p", "sql-finding-help", finding.help));
  if (finding.allowed !== undefined) root.append(element("p", "sql-finding-help", `Allowed: ${finding.allowed}`));
  if (finding.fix !== undefined && finding.allowed === undefined && !view.state.readOnly) {
    const button = element("button", "sql-finding-fix", finding.fix.title);
    button.type = "button";
    button.addEventListener("click", () => {
      applyFix(view, index);
      view.focus();
    });
    root.append(button);
  }
  return root;
}

function element<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, className: string, text = ""): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

// What the page may call: `create` and the handle it returns, nothing else.
// Offsets are UTF-16 units of the text last set or reported; the page converts them.

import { EditorState, Transaction } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

import { applyFix, type Finding, showFindings } from "./findings";
import { setNames, type Names } from "./language";
import { recall, remember } from "./session";
import { extensions, setReadOnly } from "./setup";

export interface Options {
  /** The text to start with. */
  text: string;
  readOnly: boolean;
  /** For screen readers: which file this is. */
  label: string;
  /** Undo history survives between editors of the same key as long as the text is the same; empty for none. */
  session: string;
  /** Tab indents instead of leaving the editor. Esc, then Tab leaves all the same. */
  tabIndents: boolean;
  /** The response's CSP nonce, for the one `<style>` CodeMirror adds; empty when there is none. */
  nonce: string;
}

export interface Callbacks {
  /** The person changed the text. Called after the event, and within `destroy` for what was not told yet. */
  onChange(text: string): void;
  /** Mod+S. */
  onSave(text: string): void;
  /** The cursor moved to this offset. */
  onCursor(offset: number): void;
}

export interface Handle {
  getText(): string;
  /** Replaces what differs, as one undo step; `onChange` is not called. */
  setText(text: string): void;
  /** Findings of exactly the present text; others of another text must not be given. */
  setFindings(findings: readonly Finding[]): void;
  /** Applies the fix of the finding with this index as one undo step; false when it has none or the text moved on. */
  fix(index: number): boolean;
  setReadOnly(readOnly: boolean): void;
  /** Selects a range and scrolls it into the middle. */
  reveal(from: number, to: number): void;
  /** Names for completion, each with its columns. */
  setNames(names: Names): void;
  focus(): void;
  /** No callback is called afterwards. */
  destroy(): void;
}

export function create(parent: HTMLElement, options: Options, callbacks: Callbacks): Handle {
  let alive = true;
  const state = { textMoved: false, cursorMoved: false };

  const report = () => {
    if (!alive) return;
    const { textMoved, cursorMoved } = state;
    state.textMoved = state.cursorMoved = false;
    if (textMoved) callbacks.onChange(view.state.doc.toString());
    if (alive && cursorMoved) callbacks.onCursor(view.state.selection.main.head);
  };

  const watch = EditorView.updateListener.of((update) => {
    const before = state.textMoved || state.cursorMoved;
    const fromPage = update.transactions.some((one) => one.annotation(Transaction.remote));
    state.textMoved ||= update.docChanged && !fromPage;
    state.cursorMoved ||= update.selectionSet || update.docChanged;
    // A callback may call the handle, which CodeMirror forbids while it updates; and in a task of its own, what
    // the page does with a key does not hold back the key itself.
    if (!before && (state.textMoved || state.cursorMoved)) setTimeout(report);
  });

  const save = () => {
    report();
    callbacks.onSave(view.state.doc.toString());
  };
  const setup = [
    ...extensions(options, save),
    watch,
  ];
  const view = new EditorView({
    state: recall(options.session, options.text, setup) ?? EditorState.create({ doc: options.text, extensions: setup }),
    parent,
  });

  return {
    getText: () => view.state.doc.toString(),
    setText: (text) => setText(view, text),
    setFindings: (findings) => {
      // The person typed since the page was told the text: the next findings are on their way.
      if (!state.textMoved) showFindings(view, findings);
    },
    fix: (index) => applyFix(view, index),
    setReadOnly: (readOnly) => setReadOnly(view, readOnly),
    reveal: (from, to) => reveal(view, from, to),
    setNames: (names) => setNames(view, names),
    focus: () => view.focus(),
    destroy: () => {
      // Leaving right after a key loses nothing.
      report();
      alive = false;
      remember(options.session, view.state);
      view.destroy();
    },
  };
}

/** One change between the common head and tail, so that cursor, folds and marks outside of it stay. */
function setText(view: EditorView, text: string): void {
  const old = view.state.doc.toString();
  if (old === text) return;
  const shorter = Math.min(old.length, text.length);
  let head = 0;
  while (head < shorter && old.charCodeAt(head) === text.charCodeAt(head)) head++;
  let tail = 0;
  while (tail < shorter - head && old.charCodeAt(old.length - 1 - tail) === text.charCodeAt(text.length - 1 - tail)) tail++;
  view.dispatch({
    changes: { from: head, to: old.length - tail, insert: view.state.toText(text.slice(head, text.length - tail)) },
    annotations: Transaction.remote.of(true),
  });
}

function reveal(view: EditorView, from: number, to: number): void {
  const end = view.state.doc.length;
  const range = { anchor: Math.min(from, end), head: Math.min(to, end) };
  view.dispatch({ selection: range, effects: EditorView.scrollIntoView(range.anchor, { y: "center" }) });
  view.focus();
}

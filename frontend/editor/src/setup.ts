// The editor's extensions, in one list, and what can be switched while it lives.
// Nothing here knows of findings' contents or of SQL.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, codeFolding, foldGutter, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  crosshairCursor, drawSelection, dropCursor, EditorView, highlightActiveLine, highlightActiveLineGutter,
  highlightSpecialChars, keymap, lineNumbers, rectangularSelection,
} from "@codemirror/view";

import { findings, findingsKeymap } from "./findings";
import type { Options } from "./index";
import { language } from "./language";
import { theme } from "./theme";

/** Keys that belong to the page: validate, and the palette on machines where Mod is Ctrl. */
const PAGE_KEYS = new Set(["Mod-Enter", "Mod-k", "Ctrl-k"]);

/** Shown besides what the editor shows by itself; `kernel/src/text/hidden.rs` says what nobody sees. */
const HIDDEN =
  /[\u00a0\u034f\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200b\u202a-\u202f\u205f-\u206f\u3000\u3164\uffa0]/gu;

const access = new Compartment();

function accessOf(readOnly: boolean): Extension {
  return [
    EditorState.readOnly.of(readOnly),
    EditorView.editable.of(!readOnly),
    // Not editable is not focusable by itself, and then neither search nor F8 could be reached.
    EditorView.contentAttributes.of(readOnly ? { tabindex: "0", "aria-readonly": "true" } : {}),
  ];
}

/** Switches between viewing and editing. */
export function setReadOnly(view: EditorView, readOnly: boolean): void {
  if (view.state.readOnly !== readOnly) view.dispatch({ effects: access.reconfigure(accessOf(readOnly)) });
}

/** Everything the editor does. */
export function extensions(options: Options, save: () => void): Extension[] {
  return [
    // Only LF ends a line: a CR is a character of the file, shown and kept.
    EditorState.lineSeparator.of("\n"),
    EditorState.allowMultipleSelections.of(true),
    EditorState.tabSize.of(4),
    indentUnit.of("    "),
    access.of(accessOf(options.readOnly)),
    options.nonce === "" ? [] : EditorView.cspNonce.of(options.nonce),
    EditorView.contentAttributes.of({ "aria-label": options.label, spellcheck: "false", autocapitalize: "off", tabindex: "0" }),
    findings(),
    lineNumbers(),
    foldGutter({ openText: "⌄", closedText: "›" }),
    codeFolding({ placeholderText: "…" }),
    highlightActiveLineGutter(),
    highlightActiveLine(),
    // No-break and zero-width spaces look like blanks and are none.
    highlightSpecialChars({ addSpecialChars: HIDDEN }),
    history(),
    drawSelection(),
    dropCursor(),
    rectangularSelection(),
    crosshairCursor(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ icons: false }),
    highlightSelectionMatches(),
    search({ top: true }),
    language(),
    theme,
    keymap.of([
      { key: "Mod-s", preventDefault: true, run: () => (save(), true) },
      ...findingsKeymap,
      ...closeBracketsKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...foldKeymap,
      ...completionKeymap,
      ...defaultKeymap.filter(({ key = "" }) => !PAGE_KEYS.has(key)),
      ...(options.tabIndents ? [indentWithTab] : []),
    ]),
  ];
}

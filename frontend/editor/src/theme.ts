// Which part of CodeMirror takes which of the page's `--editor-*` properties.
// No colour stands here: style/components/editor.css maps the properties to the design's tokens. The rules live
// in script because CodeMirror's own sheet belongs to no cascade layer and would win over any that does.

import { syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

const squiggle = (colour: string, shape = "wavy") => ({
  backgroundImage: "none",
  textDecoration: `underline ${shape} ${colour}`,
  textDecorationSkipInk: "none",
  textUnderlineOffset: "0.22em",
});
const point = (colour: string) => ({ "&:after": { borderBottomColor: colour } });
// The letter differs, not only the colour; a data: image would need a wider content security policy.
const mark = (colour: string, sign: string) => ({ content: "normal", color: colour, "&:before": { content: `"${sign}"` } });

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--editor-text)", backgroundColor: "var(--editor-surface)", fontSize: "var(--editor-size)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--editor-font)", lineHeight: "var(--editor-line-height)" },
  ".cm-content": { caretColor: "var(--editor-caret)", paddingBlock: "var(--editor-padding)" },
  ".cm-line": { paddingInline: "var(--editor-padding)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--editor-caret)", borderLeftWidth: "2px" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    backgroundColor: "var(--editor-selection)",
  },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--editor-active-line)" },
  ".cm-gutters": { backgroundColor: "var(--editor-surface)", color: "var(--editor-muted)", border: "none" },
  ".cm-gutters.cm-gutters-before": { border: "none" },
  ".cm-activeLineGutter": { color: "var(--editor-text)" },
  ".cm-foldGutter .cm-gutterElement": { cursor: "pointer" },
  ".cm-foldPlaceholder": {
    backgroundColor: "var(--editor-raised)", border: "1px solid var(--editor-border)", color: "var(--editor-muted)",
    paddingInline: "0.4em",
  },
  "&.cm-focused .cm-matchingBracket, .cm-matchingBracket": {
    backgroundColor: "transparent", outline: "1px solid var(--editor-muted)",
  },
  "&.cm-focused .cm-nonmatchingBracket, .cm-nonmatchingBracket": {
    backgroundColor: "transparent", outline: "1px solid var(--editor-error)",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--editor-match)" },
  ".cm-searchMatch": { backgroundColor: "var(--editor-match)" },
  ".cm-searchMatch.cm-searchMatch-selected": { backgroundColor: "var(--editor-match-selected)" },
  ".cm-specialChar": { color: "var(--editor-error)" },

  ".cm-panels": { backgroundColor: "var(--editor-raised)", color: "var(--editor-text)" },
  ".cm-panels.cm-panels-top": { borderBottom: "1px solid var(--editor-border)" },
  ".cm-panel.cm-search, .cm-panel.cm-gotoLine": { padding: "6px 32px 6px 8px", fontFamily: "var(--editor-ui-font)" },
  ".cm-panel.cm-search label": { fontSize: "inherit" },
  ".cm-panel.cm-search [name=close]": { color: "var(--editor-muted)", width: "24px", height: "24px" },
  ".cm-textfield": {
    backgroundColor: "var(--editor-surface)", color: "var(--editor-text)", border: "1px solid var(--editor-border)",
    borderRadius: "4px", padding: "3px 6px", minHeight: "24px", fontSize: "inherit",
  },
  ".cm-button": {
    backgroundImage: "none", backgroundColor: "var(--editor-surface)", color: "var(--editor-text)",
    border: "1px solid var(--editor-border)", borderRadius: "4px", padding: "3px 8px", minHeight: "24px", fontSize: "inherit",
    "&:active": { backgroundImage: "none", backgroundColor: "var(--editor-active-line)" },
  },

  ".cm-tooltip": {
    backgroundColor: "var(--editor-raised)", color: "var(--editor-text)", border: "1px solid var(--editor-border)",
    borderRadius: "6px", boxShadow: "var(--editor-shadow)", overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--editor-font)", maxHeight: "16em" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "2px 8px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    backgroundColor: "var(--editor-selection)", color: "var(--editor-text)",
  },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },

  ".cm-lintRange-error": squiggle("var(--editor-error)"),
  ".cm-lintRange-warning": squiggle("var(--editor-warning)"),
  ".cm-lintRange-info": squiggle("var(--editor-info)"),
  ".cm-lintRange-hint": squiggle("var(--editor-muted)", "dotted"),
  ".cm-lintRange-active": { backgroundColor: "var(--editor-match)" },
  ".cm-lintPoint-error": point("var(--editor-error)"),
  ".cm-lintPoint-warning": point("var(--editor-warning)"),
  ".cm-lintPoint-info": point("var(--editor-info)"),
  ".cm-lintPoint-hint": point("var(--editor-muted)"),
  ".cm-gutter-lint .cm-gutterElement": { padding: "0 0.2em", textAlign: "center" },
  ".cm-lint-marker": { fontWeight: "700", height: "auto", cursor: "default" },
  ".cm-lint-marker-error": mark("var(--editor-error)", "✕"),
  ".cm-lint-marker-warning": mark("var(--editor-warning)", "!"),
  ".cm-lint-marker-info": mark("var(--editor-info)", "i"),
  ".cm-lint-marker-hint": mark("var(--editor-muted)", "·"),
  ".cm-diagnostic": { border: "none", padding: "0", margin: "0", whiteSpace: "normal" },
});

/** Looks by class names: `tok-keyword` and its kin are coloured by the page's style sheet. */
export const theme = [look, syntaxHighlighting(classHighlighter)];

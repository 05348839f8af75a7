// Undo history that outlives an editor: leaving a file and coming back keeps undo and redo.
// Nothing is stored beyond the page's own memory.

import { historyField } from "@codemirror/commands";
import { EditorState, type Extension } from "@codemirror/state";

/** The editors left last; a person does not go back further than this. */
const KEPT = 20;

const fields = { history: historyField };
const left = new Map<string, unknown>();

/** Keeps text, selection and history under a key. */
export function remember(key: string, state: EditorState): void {
  if (key === "") return;
  left.delete(key);
  left.set(key, state.toJSON(fields));
  const oldest = left.size > KEPT ? left.keys().next().value : undefined;
  if (oldest !== undefined) left.delete(oldest);
}

/** What was kept, if its text is the one wanted; a text that changed elsewhere starts afresh. */
export function recall(key: string, text: string, extensions: Extension): EditorState | undefined {
  const kept = left.get(key);
  if (kept === undefined) return undefined;
  const state = EditorState.fromJSON(kept, { extensions }, fields);
  return state.doc.toString() === text ? state : undefined;
}

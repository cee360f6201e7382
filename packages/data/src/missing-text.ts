/** The marks that pandas and Python write where a text is missing. */
const MARKS: ReadonlySet<string> = new Set(['nan', 'NaN', 'None', 'null', 'NULL', '<NA>']);

/** Whether a text only says that there is none: `nan`, `None`, `null`. */
export const isMissingMark = (text: string): boolean => MARKS.has(text.trim());

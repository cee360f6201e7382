/** Characters that a terminal obeys, or that change the order in which a text is shown. */
const CONTROLS = /(?![\t\r\n])[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** User names, passwords and keys within addresses. */
const USER_INFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]*@/gi;
const SECRET_PARAMETER = /([?&][\w.-]*(?:token|key|signature|secret|password|credential|auth)[\w.-]*=)[^&#\s"'<>)]+/gi;

/** Escapes control characters but tabs and line breaks, as in JavaScript. */
export const escapeControls = (text: string): string =>
  text.replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/**
 * Makes a text from a file or a server safe to print on one line of a terminal: line breaks become spaces, and other
 * control characters are escaped as in JavaScript.
 */
export const printable = (text: string): string => escapeControls(text.replace(/\s*[\t\r\n\u2028\u2029]+\s*/g, ' '));

/** Replaces user names, passwords and keys in the addresses of a text by `…`. */
export const withoutCredentials = (text: string): string =>
  text.replace(USER_INFO, '$1…@').replace(SECRET_PARAMETER, '$1…');

/** A refused word: where it stands, and what to say instead. */
export interface RefusedWord {
  readonly file: string;
  readonly line: number;
  readonly word: string;
  readonly say: string;
}

/** Refused words of a file, one per line and rule. */
export function refusedWords(file: string, text: string): RefusedWord[];

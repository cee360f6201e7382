/** Wrong usage: the message says what is wrong, the hint how to solve it. This package does not install medbench. */
export class ScaffoldError extends Error {
  /** How to solve the problem, in one or two sentences. */
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.name = 'ScaffoldError';
    this.hint = hint;
  }
}

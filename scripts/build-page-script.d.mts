export interface PageScript {
  readonly name: string;
  readonly runs: string;
  readonly entry: string;
  readonly module: string;
}
export const SCRIPTS: readonly PageScript[];
export function compiledPageScript(script: PageScript): Promise<string>;

export function compiledPageScript(): Promise<string>;

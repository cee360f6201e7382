export function compiledKernel(packageName: string, name: string): Promise<string>;

/** Imports a module of a method's package. Tests, which run from source, put another function in its place. */
export const importModule = (url: string): Promise<unknown> => import(url);

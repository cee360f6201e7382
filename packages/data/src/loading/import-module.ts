/** Imports a module of a method's package. Tests, which run from source, replace this function. */
export const importModule = (url: string): Promise<unknown> => import(url);

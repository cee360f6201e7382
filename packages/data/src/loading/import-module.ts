/** Imports a module of a method's or a backend's package, on a worker thread. Tests, which run from source, replace this function. */
export const importModule = (url: string): Promise<unknown> => import(url);

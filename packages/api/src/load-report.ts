/** Loads the report when there is something to write: a quarter of the start of a command was its plots. */
export const loadReport = () => import('@medbench/report');

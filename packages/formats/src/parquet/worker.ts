// The functions that `runIsolated` calls on its thread.
export { footerAnswer as parquetFooter, groupAnswer as parquetGroup } from './answers.js';

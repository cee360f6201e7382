// What `isolated` runs.
export { footerAnswer as parquetFooter, groupAnswer as parquetGroup } from './answers.js';

export type { Answer, Evidence, Verdict } from './answers/answer.js';
export { renderCsv } from './csv.js';
export { renderHtml } from './html/page.js';
export { renderLatex } from './latex.js';
export { renderMarkdown } from './markdown.js';
export { renderTable, type TableOptions } from './terminal.js';
export { readResults, type WrittenReport, writeReport } from './write.js';

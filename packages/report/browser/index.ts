// The script of the page, compiled by scripts/build-page-script.mjs into src/html/page-script.ts. Without scripts, the
// page only lacks sorting, filtering and definitions on a tap.
import { filterTables } from './filter.js';
import { sortTables } from './sort.js';
import { showTips } from './tips.js';

sortTables(document);
filterTables(document);
showTips(document);

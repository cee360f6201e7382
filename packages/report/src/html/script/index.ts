import { FILTER_SCRIPT } from './filter.js';
import { SORT_SCRIPT } from './sort.js';
import { TIPS_SCRIPT } from './tips.js';

/** All that runs in the page. Without scripts nothing is missing but sorting, filtering and definitions on a tap. */
export const SCRIPT = `{${SORT_SCRIPT}}{${FILTER_SCRIPT}}{${TIPS_SCRIPT}}`;

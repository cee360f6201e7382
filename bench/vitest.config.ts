import tests from '../vitest.config.js';

/** Checks that are too slow for every change, with the set-up of the tests. */
const { projects: _, ...test } = tests.test ?? {};
export default { ...tests, test: { ...test, include: ['bench/**/*.test.ts'] } };

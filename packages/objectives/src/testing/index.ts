export { type GoldenCase, type GoldenInput, goldenCases } from './golden.js';

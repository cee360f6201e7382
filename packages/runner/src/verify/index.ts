export { CHECKED_UP_TO, type FoundFile, findFile } from './files.js';
export {
  type CountedSplit,
  type DataVerdict,
  type DataVerification,
  howToObtain,
  type VerifyOptions,
  verifyData,
} from './verify.js';

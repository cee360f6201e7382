export { CHECKED_UP_TO, type FoundFile, findFile } from './files.js';
export {
  type CountedSplit,
  howToObtain,
  type Verdict,
  type Verification,
  type VerifyOptions,
  verifyData,
} from './verify.js';

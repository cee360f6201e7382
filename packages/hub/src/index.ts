export { hubModelCard, type ModelCardOptions, modelMetadata } from './cards/model-card.js';
export { hubResultsCard, type ResultsCardOptions } from './cards/results-card.js';
export { type VerifiedResults, verifyResults } from './folder/verify.js';
export { type ResultsSource, writeResultsFolder } from './folder/write.js';
export { checkOutgoing } from './outgoing/check.js';
export { listFiles } from './outgoing/list-files.js';
export { LocalPaths } from './outgoing/local-paths.js';
export { leftOut, outgoingResults, restrictedTasks } from './outgoing/results.js';
export { type DownloadOptions, fetchResults } from './remote/download.js';
export { requireToken } from './remote/errors.js';
export type { FetchOptions } from './remote/fetch.js';
export { type OpenedResults, openResults } from './remote/open-results.js';
export {
  checkRepositoryName,
  type HubEnvironment,
  type HubRepository,
  isRemote,
  parseRemoteResults,
  type RemoteResults,
} from './remote/repository.js';
export { type Upload, type Uploaded, uploadFolder } from './remote/upload.js';

export { type CreatedFolder, createFolder, type FolderRequest, nextSteps } from './create.js';
export { ScaffoldError } from './error.js';
export { type FolderKind, KINDS } from './kinds.js';

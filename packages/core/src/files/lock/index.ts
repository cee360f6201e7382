export type { LockNote } from './heart.js';
export { isProcessRunning } from './host.js';
export {
  awaitLock,
  describeHolder,
  type FolderLock,
  Lock,
  type LockOptions,
  lockedError,
  lockFolder,
  lockOf,
  type SeenLock,
  type WaitOptions,
} from './lock.js';
export type { LockHolder, LockState } from './protocol.js';

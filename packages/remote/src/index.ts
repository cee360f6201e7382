export { openRemote, type RemoteOptions } from './files.js';
export { statusFault } from './http/faults.js';
export { pauseBefore } from './http/patience.js';
export { describeHubError, type HubAccess, type HubEnvironment, hubAccess, isOffline } from './hub/access.js';

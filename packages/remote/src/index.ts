export { openRemote, type RemoteOptions } from './files.js';
export { describeHubError, type HubAccess, type HubEnvironment, hubAccess, isOffline } from './hub/access.js';

export { profiledBackend } from './backend.js';
export { NO_PROFILE, ProfileClock } from './clock.js';

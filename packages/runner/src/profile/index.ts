export { profiledBackend } from './backend.js';
export { ProfileClock } from './clock.js';

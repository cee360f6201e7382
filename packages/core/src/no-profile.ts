import type { Profile } from './contracts/profile.js';

/** A profile that measures nothing. */
export const NO_PROFILE: Profile = {
  span: (_phase, work) => work(),
  row: (_row, work) => work(),
  beside: () => {},
};

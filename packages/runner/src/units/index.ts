export { Claims } from './claims.js';
export {
  type ErrorRecord,
  NO_WORKERS,
  recordError,
  restoreError,
  type UnitOutcome,
  type Workers,
} from './outcome.js';
export { listUnits, type Unit, unitId } from './unit.js';
export { GENERAL_DONE, Work, type WorkReport } from './work.js';

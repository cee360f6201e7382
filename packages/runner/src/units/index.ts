export { GATHER, type Unit, unitId } from './id.js';
export {
  type ErrorRecord,
  NO_WORKERS,
  recordError,
  restoreError,
  type UnitOutcome,
  type Workers,
} from './outcome.js';
export { listUnits, rowsThatTransfer } from './unit.js';
export { type LockedUnit, type UnitFailure, UnitFolder, type UnitSkips } from './unit-folder.js';
export { type UnitState, UnitStates, type UnitStatus } from './unit-states.js';
export { findUnit, type HeldUnit, Work, type WorkReport } from './work.js';

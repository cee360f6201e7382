export {
  gradientError,
  relativeError,
  scattered,
  type TowerOracle,
  towerInputs,
  towerProgram,
  weightByFormula,
} from './towers.js';

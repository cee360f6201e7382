export {
  gradientError,
  relativeError,
  type TowerOracle,
  towerInputs,
  towerProgram,
  weightByFormula,
} from './towers.js';

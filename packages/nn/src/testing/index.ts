export {
  IMAGE_TOWER_PARTS,
  type ImageTowerOracle,
  imageTowerProgram,
  imageTowerWeights,
  oracleImages,
} from './image-tower.js';
export {
  gradientError,
  relativeError,
  scattered,
  type TowerOracle,
  towerInputs,
  towerProgram,
  weightByFormula,
} from './towers.js';

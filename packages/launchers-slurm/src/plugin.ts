export { Slurm } from './slurm.js';

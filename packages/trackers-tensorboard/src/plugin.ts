export { TensorBoard } from './tensorboard.js';

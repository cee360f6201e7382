export { Mlflow } from './mlflow.js';

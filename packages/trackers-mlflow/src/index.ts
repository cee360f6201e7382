export { Mlflow } from './mlflow.js';
export { findServer, type Server } from './server.js';

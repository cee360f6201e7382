export { type CheckedPackage, type CheckOptions, checkPackage, pluginFolders } from './check-package.js';
export { checkMethod } from './method.js';
export { type TwoSteps, type TwoStepsOptions, trainTwoSteps } from './train-two-steps.js';

export { FOLDER_VARIABLE, loadNative, type NativeResult } from './native.js';
export { NativeTensorFlow } from './plugin.js';

export { crc32c, maskedCrc } from './crc32c.js';
export { EventFile } from './event-file.js';
export { imageEvent, readScalars, type ScalarEvent, scalarEvent, textEvent, versionEvent } from './events.js';
export { frameRecord, type ReadRecords, readRecords } from './records.js';
export { TensorBoard } from './tensorboard.js';

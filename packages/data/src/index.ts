export { gaussianBlur } from './augment/blur.js';
export { adjustBrightness, adjustContrast, adjustHue, adjustSaturation, greyscale } from './augment/colour.js';
export {
  colourJitter,
  horizontalFlip,
  inSequence,
  type JitterStrength,
  randomGrey,
  randomly,
  type SimclrOptions,
  simclrTransform,
} from './augment/simclr.js';
export { batchesInOrder, batchesPerEpoch, batchOrder, epochOrder, partOrder } from './batches.js';
export { bicubicFilter, type ResampleFilter, type ResampleKernel } from './filter.js';
export {
  decodeOptions,
  deepGreyNote,
  deepGreyRange,
  GREY_WINDOW_SETTING,
  type GreyWindow,
  levelRange,
  parseGreyWindow,
  someFiles,
  spreadIndices,
} from './grey-window.js';
export {
  type DecodeImageOptions,
  decodeImage,
  encodeJpeg,
  encodePng,
  encodeTiff,
  storedSamples,
  thumbnail,
} from './image.js';
export { imageFiles } from './image-files.js';
export { restoreError } from './loading/failure.js';
export { importModule } from './loading/import-module.js';
export type { BatchJob, BatchParts, JobExample, JobFailure } from './loading/job.js';
export { type StoreWorkers, storeWorkers } from './loading/store-workers.js';
export { workerFile } from './loading/worker-file.js';
export { type BatchWorkers, batchWorkers, defaultWorkers } from './loading/workers.js';
export { isMissingMark } from './missing-text.js';
export {
  CLIP_MEAN,
  CLIP_NORMALISATION,
  CLIP_STD,
  type ImageWriter,
  type Normalisation,
  normalisedLevels,
  normaliser,
  samePreprocessing,
} from './normalise.js';
export { pngChecksum } from './png.js';
export { prefetch } from './prefetch.js';
export { resize } from './resample.js';
export { ByteBudget, cached, fromArray, mapSource, placesInOrder, subset } from './source.js';
export { type SourceImage, type StoredForm, storedJpeg } from './stored-jpeg.js';
export { cleanText } from './tokenizer/clean.js';
export { CLIP_MERGES, type ClipTokenizerOptions, clipTokenizer } from './tokenizer/clip.js';
export type { Tokenizer } from './tokenizer/tokenizer.js';
export { readVocabulary, smallVocabulary, TOKENIZER_CONFIG, VOCABULARY_FILES } from './tokenizer/vocabulary.js';
export { type WordPieceVocabulary, wordPieceTokenizer } from './tokenizer/word-pieces.js';
export {
  type CropOptions,
  type CropSteps,
  centreCrop,
  cropSteps,
  type EvaluationView,
  evaluationTransform,
  type ImageTransform,
  type RandomImageTransform,
  randomCrop,
  randomResizedCrop,
  resizeShorterSide,
  resizeShorterSideRounded,
  scaledSide,
  type TrainingCrop,
  toRgb,
  trainingTransform,
} from './transform.js';

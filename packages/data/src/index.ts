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
export { batchIndices, epochOrder } from './batches.js';
export { augmentedView, isKnownRecipe, keptPatches, patchesKept, shuffledPatches } from './drawn.js';
export { locate, requireFile, requireFolder } from './files.js';
export { bicubicFilter, type ResampleFilter } from './filter.js';
export { fingerprintFiles } from './fingerprint.js';
export { type BadList, type BadSamples, badList, pairSource } from './formats/bad-samples.js';
export {
  type CaptionTable,
  type CaptionTableOptions,
  captionTable,
  type PictureAndCaption,
  pathInside,
} from './formats/caption-table.js';
export { type DicomPicture, decodeDicom, readDicom } from './formats/dicom/read.js';
export { type TextCounter, textCounter } from './formats/duplicates.js';
export { type ByteRows, type Hdf5Options, openHdf5 } from './formats/hdf5.js';
export { openNpzRows } from './formats/npz-rows.js';
export { openParquet, type ParquetRow, type ParquetTable } from './formats/parquet/table.js';
export { type PickleValue, readPickle } from './formats/pickle.js';
export { parsePythonList } from './formats/python-list.js';
export { formOf, type TableForm } from './formats/records.js';
export { findShards, type Shards } from './formats/shards.js';
export { tarEnd, tarMember } from './formats/tar-write.js';
export { type WebDataset, type WebDatasetOptions, webDataset } from './formats/webdataset.js';
export { type ReadXlsxOptions, readXlsx, type XlsxValue } from './formats/xlsx.js';
export { GENERATED_MARKER, isGenerated, markGenerated } from './generated.js';
export {
  type DecodeImageOptions,
  decodeImage,
  encodeJpeg,
  encodePng,
  encodeTiff,
  readBytes,
  thumbnail,
} from './image.js';
export type { BatchJob, BatchParts, JobExample, JobFailure } from './loading/job.js';
export { type BatchWorkers, batchWorkers, defaultWorkers } from './loading/workers.js';
export { encodeNpy, type NpyArray, type NpyData, type NpyDType, readNpy } from './npy.js';
export { type ReadNpzOptions, readNpz, writeNpz } from './npz.js';
export { prefetch } from './prefetch.js';
export { resize } from './resample.js';
export { cached, fromArray, mapSource, subset } from './source.js';
export { csvRows, type JsonRow, type ReadCsvOptions, readCsv, readJson, readJsonl, requireColumns } from './tables.js';
export { cleanText } from './tokenizer/clean.js';
export { CLIP_MERGES, type ClipTokenizerOptions, clipTokenizer, type Tokenizer } from './tokenizer/clip.js';
export {
  CLIP_MEAN,
  CLIP_NORMALISATION,
  CLIP_STD,
  type CropOptions,
  centreCrop,
  evaluationTransform,
  type ImageTransform,
  type Normalisation,
  normaliseInto,
  type RandomImageTransform,
  randomResizedCrop,
  resizeShorterSide,
  toRgb,
  trainingTransform,
} from './transform.js';

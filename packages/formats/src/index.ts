export { tarEnd, tarMember } from './archives/tar-write.js';
export { openZip, type ZipEntry, type ZipFile } from './archives/zip.js';
export type { ByteRows } from './arrays/byte-rows.js';
export { type Hdf5Options, openHdf5 } from './arrays/hdf5.js';
export { encodeNpy, type NpyArray, type NpyData, type NpyDType, readNpy } from './arrays/npy.js';
export { type ReadNpzOptions, readNpz, writeNpz } from './arrays/npz.js';
export { openNpzRows } from './arrays/npz-rows.js';
export { type DicomImage, decodeDicom, readDicom } from './dicom/read.js';
export {
  addressBeside,
  type ByteStore,
  type FileContent,
  type FileStamp,
  isAddress,
  type RemoteFiles,
} from './files/byte-store.js';
export { findFiles } from './files/find-files.js';
export { fingerprintContents, fingerprintFiles } from './files/fingerprint.js';
export { GENERATED_MARKER, isGenerated, markGenerated } from './files/generated.js';
export { visibleNames } from './files/list.js';
export { mapTogether } from './files/map-together.js';
export { pathInside } from './files/path-inside.js';
export { locate, requireFile, requireFolder } from './files/require.js';
export { type BadList, type BadSamples, badList, type EncodedPairs, pairSource } from './pairs/bad-samples.js';
export {
  type CaptionTable,
  type CaptionTableOptions,
  captionTable,
  type ImageAndCaption,
} from './pairs/caption-table.js';
export { type TextCounter, textCounter } from './pairs/duplicates.js';
export { type ParquetPairs, type ParquetPairsOptions, parquetPairs } from './parquet/pairs.js';
export { openParquet, type ParquetRow, type ParquetTable } from './parquet/table.js';
export { type PickleValue, readPickle } from './python/pickle.js';
export { parsePythonList } from './python/python-list.js';
export { readTorch, type TorchTensor } from './python/torch.js';
export { type TableForm, tableForm } from './tables/records.js';
export {
  csvRows,
  type JsonRow,
  type ReadCsvOptions,
  readCsv,
  readJson,
  readJsonl,
  requireColumns,
} from './tables/tables.js';
export { type ReadXlsxOptions, readXlsx, type XlsxValue } from './tables/xlsx.js';
export { findShards, type Shards } from './webdataset/shards.js';
export { type WebDataset, type WebDatasetOptions, webDataset } from './webdataset/webdataset.js';
export { type ShardSample, shardName, type WriteShardsOptions, writeShards } from './webdataset/write-shards.js';

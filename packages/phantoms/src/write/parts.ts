import type { PhantomManifest } from '../manifest.js';
import { writeChestNpz } from './chest.js';
import { writeDeepEyeNet, writePmcOa, writeQuilt, writeRoco, writeWebDataset } from './corpora.js';
import { writeBach, writeLc25000, writeNctCrc } from './histology.js';
import { MEDMNIST_PARTS } from './medmnist.js';
import { writeMimicCxr } from './mimic-cxr.js';
import { writePhantomPairs, writeShapePairs } from './pairs.js';
import { writePathVqa } from './path-vqa.js';
import { writePcam } from './pcam.js';
import { writePneumoniaNpz } from './pneumonia.js';
import { writeSicapV2 } from './sicap.js';
import { writeHam10000, writePadUfes20 } from './skin.js';
import { writeVindrMammo } from './vindr.js';
import { writeVqaRad } from './vqa-rad.js';

/** The writer of each file or folder of the set. Each has the layout of a real data set. */
export const PARTS: Readonly<Record<string, (folder: string, manifest: PhantomManifest) => Promise<void>>> = {
  phantoms: writePhantomPairs,
  shapes: writeShapePairs,
  'pneumoniamnist.npz': writePneumoniaNpz,
  'vqa-rad': writeVqaRad,
  'path-vqa': writePathVqa,
  ...MEDMNIST_PARTS,
  'chestmnist.npz': writeChestNpz,
  bach: writeBach,
  ham10000: writeHam10000,
  lc25000: writeLc25000,
  'nct-crc': writeNctCrc,
  'pad-ufes-20': writePadUfes20,
  pcam: writePcam,
  'sicap-v2': writeSicapV2,
  'vindr-mammo': writeVindrMammo,
  'pmc-oa': writePmcOa,
  'quilt-1m': writeQuilt,
  'mimic-cxr': writeMimicCxr,
  roco: writeRoco,
  webdataset: writeWebDataset,
  deepeyenet: writeDeepEyeNet,
};

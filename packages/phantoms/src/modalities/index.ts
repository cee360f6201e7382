import type { PhantomModality, PhantomModel } from '../model.js';
import { chest } from './chest.js';
import { dermatoscopy } from './dermatoscopy.js';
import { fundus } from './fundus.js';
import { histology } from './histology.js';
import { ultrasound } from './ultrasound.js';

/** The model of each of the five modalities. */
export const MODELS: Readonly<Record<PhantomModality, PhantomModel>> = {
  radiology: chest,
  histopathology: histology,
  dermatology: dermatoscopy,
  ophthalmology: fundus,
  ultrasound,
};

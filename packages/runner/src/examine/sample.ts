import { existsSync } from 'node:fs';
import { errorMessage, isMedbenchError, type RasterImage, type Source } from '@medbench/core';
import { deepGreyNote, levelRange, spreadIndices } from '@medbench/data';
import type { DataProblem } from './problem.js';

/** The brightest level of 255 of images that are taken for nearly black: 14-bit levels in 16 bits reach 64. */
const DARK = 64;

/** The findings in a sample of a split's images that was opened. */
export interface OpenedSample {
  readonly opened: number;
  readonly problems: readonly DataProblem[];
}

/**
 * Opens a sample of a split's images, spread evenly, and checks their grey levels.
 * @param windowSetting Name of the setting that selects the levels of 16-bit images, if the data set has one.
 */
export async function openSample(
  split: string,
  images: Source<RasterImage>,
  count: number,
  windowSetting: string | undefined,
): Promise<OpenedSample> {
  const faults: string[] = [];
  const flat: string[] = [];
  const files: string[] = [];
  let opened = 0;
  let brightest = 0;
  for (const index of spreadIndices(images.length, count)) {
    const file = await images.file?.(index);
    // A missing file is counted among the missing ones.
    if (file !== undefined && !existsSync(file)) continue;
    const name = file ?? `${split} image ${index}`;
    try {
      const { data } = await images.get(index);
      opened++;
      if (file !== undefined) files.push(file);
      const [low, high] = levelRange(data);
      brightest = Math.max(brightest, high);
      if (low === high) flat.push(name);
    } catch (error) {
      if (!isMedbenchError(error)) throw error;
      faults.push(errorMessage(error));
    }
  }
  const problems: DataProblem[] = [];
  const add = (problem: DataProblem): void => void problems.push(problem);
  if (faults.length > 0) {
    add({
      ...{ severity: 'error', check: 'decoding', count: faults.length, example: faults[0]! },
      message: `${split}: ${faults.length} of ${opened + faults.length} images that were opened cannot be read`,
      remedy: 'Fetch them again, or leave them out with --skip-bad.',
    });
  }
  if (flat.length > 0) {
    add({
      ...{ severity: 'warning', check: 'levels', count: flat.length, example: flat[0]! },
      message: `${split}: ${flat.length} of ${opened} images that were opened have one colour only`,
      remedy: 'Look at them: a conversion may have lost their content.',
    });
  }
  if (opened > flat.length && brightest <= DARK) {
    const deep = await deepGreyNote(files, windowSetting);
    add({
      ...{ severity: 'warning', check: 'levels', count: opened },
      message: deep
        ? `${split}: ${deep}`
        : `${split}: the ${opened} images that were opened are nearly black, with levels up to ${brightest} of 255`,
      ...(files[0] === undefined ? {} : { example: files[0] }),
      remedy: deep
        ? 'Choose the window, then look at the images with medbench embed --inputs.'
        : `Look at them: a conversion may have kept too few of their levels.${
            windowSetting ? ` If they are 16-bit grey, set ${windowSetting}=0-4095 (12 bits) or auto.` : ''
          }`,
    });
  }
  return { opened, problems };
}

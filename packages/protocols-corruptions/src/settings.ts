import { boolean, defineSettings, integer, numbers, type SettingsOf, text } from '@medbench/core';
import { CORRUPTIONS } from './corruptions.js';

const settings = (what: string) =>
  defineSettings({
    measure: boolean({ default: false, description: `whether ${what} under corruptions is measured on every task` }),
    corruptions: text({
      default: 'all',
      description: `all, or some of ${CORRUPTIONS.join(', ')}, separated by spaces`,
    }),
    severities: numbers({
      default: [1, 2, 3, 4, 5],
      min: 1,
      max: 5,
      distinct: true,
      description: 'severities of each corruption, whose figures are averaged',
    }),
    side: integer({
      default: 224,
      min: 8,
      description: 'pixels to which the shorter side of an image is resized before it is corrupted',
    }),
  });

/** Settings of zero-shot classification under corruptions. */
export const ZERO_SHOT_SETTINGS = settings('zero-shot classification');
/** Settings of the linear probe under corruptions. */
export const LINEAR_PROBE_SETTINGS = settings('the linear probe');
export type CorruptionSettings = SettingsOf<typeof ZERO_SHOT_SETTINGS>;

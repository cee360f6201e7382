import { Task } from '@medbench/core';
import { type ClassificationSplits, ImageTask, imagesByClass, splitImages } from '@medbench/task-kit';

// The data folder has one folder of images for each class: template-name/dark, template-name/bright.
const CLASSES = ['dark', 'bright'];

/** Images in two classes: replace them by your own. */
@Task({
  id: 'template-name',
  title: 'Template name',
  version: 1, // increase it whenever a figure could change
  modality: 'mixed',
  kind: 'classification',
  protocols: ['zero-shot', 'linear-probe'],
  metric: { 'zero-shot': 'accuracy', 'linear-probe': 'accuracy' },
  classes: CLASSES,
  // Zero-shot prompts and training captions put the phrase of a class in place of the braces.
  phrases: ['a dark square', 'a bright square'],
  templates: ['an image of {}.', 'this shows {}.'],
  splits: { train: 12, val: 0, test: 4 },
  licence: 'CC0 1.0',
  access: 'open',
  citation: 'the paper to cite',
  files: CLASSES.map((name) => ({ path: `template-name/${name}/`, what: `images of the class ${name}` })),
})
export class TemplateName extends ImageTask {
  /**
   * Opens the splits.
   * @param folders the paths of `files`, in order, in the data folder of the run.
   */
  protected override async read(folders: readonly string[]): Promise<ClassificationSplits> {
    // A quarter of the images is for testing. With `group` on each image, no patient is in both splits.
    return splitImages(await imagesByClass(folders), 0.25, 'image', 'grouped');
  }
}

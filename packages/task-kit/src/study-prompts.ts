import { readFileSync } from 'node:fs';
import { MedbenchError } from '@medbench/core';

interface StudyPrompts {
  readonly templates: Readonly<Record<string, readonly string[]>>;
  readonly tasks: Readonly<Record<string, { readonly templates: string; readonly classes: readonly string[] }>>;
}

let loaded: StudyPrompts | undefined;

/** The asset lies beside both `src` and `dist`. It is read once, and only if a task asks for it. */
function load(): StudyPrompts {
  loaded ??= JSON.parse(readFileSync(new URL('../assets/study-prompts.json', import.meta.url), 'utf8')) as StudyPrompts;
  return loaded;
}

/**
 * The prompts of the study (arXiv 2406.07450): the phrase of each class in label order, and the templates that its
 * zero-shot evaluation used. Eight histopathology and skin data sets have four histopathology templates, VinDr-Mammo
 * has four of mammography, and MedMNIST+ has the 80 templates of ImageNet, because the look-up by name finds none.
 *
 * @param task id of a task.
 * @param classes number of classes that the task has under its settings.
 * @throws MedbenchError('config') if the study had no prompts for the task, or prompts for other classes.
 */
export function studyPrompts(
  task: string,
  classes: number,
): { readonly phrases: readonly string[]; readonly templates: readonly string[] } {
  const { tasks, templates } = load();
  const prompts = tasks[task];
  if (prompts === undefined) {
    throw new MedbenchError('config', `taskSettings.${task}.prompts=study: the study had no prompts for this task`, {
      hint: `Leave the setting out. The study had prompts for ${Object.keys(tasks).join(', ')}.`,
    });
  }
  if (prompts.classes.length !== classes) {
    throw new MedbenchError(
      'config',
      `taskSettings.${task}.prompts=study names ${prompts.classes.length} classes, but the task has ${classes} under its other settings`,
      { hint: 'Leave out the setting that adds or drops classes.' },
    );
  }
  return { phrases: prompts.classes, templates: templates[prompts.templates]! };
}

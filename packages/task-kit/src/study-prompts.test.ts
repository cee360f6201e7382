import { describe, expect, it } from 'vitest';
import { selectPrompts } from './prompts.js';

describe('selectPrompts', () => {
  const own = { phrases: ['a', 'b'], templates: ['photo of {}.'] };

  it("uses the task's own wording unless a setting says otherwise", () => {
    expect(selectPrompts('lc25000-colon', own, {})).toEqual(own);
    const everywhere = selectPrompts('lc25000-colon', own, { prompts: 'histology-everywhere' });
    expect([everywhere.phrases, everywhere.templates.length]).toEqual([own.phrases, 4]);
  });

  it("uses the study's class names and templates for prompts=study", () => {
    expect(selectPrompts('lc25000-colon', own, { prompts: 'study' })).toEqual({
      phrases: ['benign colonic tissue', 'colon adenocarcinoma'],
      templates: [
        'a histopathology slide showing {}',
        'histopathology image of {}',
        'pathology tissue showing {}',
        'presence of {} tissue on image',
      ],
    });
  });

  it('refuses a task that the study did not have, naming the setting and the tasks that it had', () => {
    expect(() => selectPrompts('own-task', own, { prompts: 'study' })).toThrow(
      expect.objectContaining({
        code: 'config',
        message: expect.stringContaining('taskSettings.own-task.prompts=study'),
        hint: expect.stringContaining('bach, lc25000-colon'),
      }),
    );
  });
});

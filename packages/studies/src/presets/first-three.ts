import type { Study } from '../study.js';
import { DEMO_TASKS, STUDY_TASKS } from './paper.js';

/** A study of the three rows to look at first. */
export const firstThree: Study = {
  id: 'first-three',
  title: 'Three rows to look at first',
  question: 'Does freezing the first half of the vision blocks, or adding captioning, improve on full fine-tuning?',
  config: { methods: ['clip', 'clip-partial', 'coca'], tasks: [...STUDY_TASKS] },
  presets: { demo: { tasks: [...DEMO_TASKS] } },
  questions: [
    {
      id: 'half-frozen',
      question: 'Does freezing the first half of the vision blocks help, against full fine-tuning?',
      against: 'clip',
      rows: ['clip-partial'],
    },
    {
      id: 'captioning',
      question: 'Does captioning beside the contrast help, against the contrast alone?',
      against: 'clip',
      rows: ['coca'],
    },
  ],
};

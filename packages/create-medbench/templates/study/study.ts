import { defineStudy } from 'medbench';

/** The questions that this study answers. Rows, tasks and seeds are those of medbench.config.ts. */
export default defineStudy({
  id: 'template-name',
  title: 'Template name',
  question: 'Which change to CLIP pays on these images?',
  questions: [
    {
      id: 'frozen',
      question: 'Does freezing half of the image tower help?',
      against: 'clip',
      rows: ['clip-partial:freeze=0.5'],
    },
    { id: 'views', question: 'Does a loss on augmented views help?', against: 'clip', rows: ['slip'] },
  ],
});

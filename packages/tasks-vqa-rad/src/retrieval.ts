import { type DataContext, Task } from '@medbench/core';
import { imageFiles } from '@medbench/data';
import { type RetrievalSplits, RetrievalTask, toStatement } from '@medbench/task-kit';
import { listImages, questionTable, readQuestions } from './files.js';
import { INFO } from './info.js';

/**
 * Retrieval between images and statements, which are made from the test questions and their answers. Most statements
 * fit many images ("there is no fracture") but count as right for their own image only. Use the results only to compare
 * methods.
 */
@Task({
  ...INFO,
  id: 'vqa-rad-retrieval',
  title: 'VQA-RAD: retrieval of statements',
  version: 1,
  kind: 'retrieval',
  protocols: ['retrieval'],
  classes: [],
  splits: { train: 0, val: 0, test: 451 },
  caveats: [
    'medbench made this task from questions and answers, it is not a published one; many statements fit several images',
    'all 203 images also occur in training',
  ],
  metric: { retrieval: 'mean_recall@50' },
  presets: [],
})
export class VqaRadRetrieval extends RetrievalTask {
  protected override async files(context: DataContext): Promise<readonly string[]> {
    const { questions } = await readQuestions(context, 'test');
    return [questionTable(context.dataRoot, 'test'), ...listImages(questions)];
  }

  protected override async open(context: DataContext): Promise<RetrievalSplits> {
    const { questions, notes } = await readQuestions(context, 'test');
    const files = listImages(questions);
    const index = new Map(files.map((file, i) => [file, i]));
    return {
      test: {
        images: imageFiles(files),
        texts: questions.map(({ question, answer }) => toStatement(question, answer)),
        imageOfText: Int32Array.from(questions, ({ imageFile }) => index.get(imageFile)!),
      },
      primaryK: 50,
      notes,
    };
  }
}

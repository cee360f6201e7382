// `split: study` on data folders that hold exactly the study's files, as empty files.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { testContext } from '@medbench/core/testing';
import { markGenerated } from '@medbench/formats';
import { Bach } from '@medbench/tasks-bach';
import { Ham10000 } from '@medbench/tasks-ham10000';
import { PadUfes20 } from '@medbench/tasks-pad-ufes-20';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from './support/cli.js';

type Split = 'train' | 'test';
interface StudySplit {
  readonly counts: Readonly<Record<Split, readonly number[]>>;
  /** The label of each file of the list, one digit each. */
  readonly labels: string;
}

const packageFile = (task: string, path: string): string =>
  readFileSync(new URL(`../packages/tasks-${task}/${path}`, import.meta.url), 'utf8');
/** Class counts and labels by scripts/oracles/study_splits.py, which reads the study's own tables. */
const fixture = (task: string) => JSON.parse(packageFile(task, 'fixtures/study-split.json')) as StudySplit;
const listed = (task: string): string[] =>
  packageFile(task, 'assets/study-split.csv')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',')[0]!);

const folder = temporaryFolder('study-splits');
let root: string;
let number = 0;
beforeEach(() => {
  root = join(folder.path, String(number++));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
const write = (path: string, text = ''): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

const HAM = ['akiec', 'bcc', 'bkl', 'df', 'mel', 'nv', 'vasc'];
const PAD = ['BCC', 'MEL', 'SCC', 'ACK', 'NEV', 'SEK'];
const FOLDERS = ['Benign', 'InSitu', 'Invasive', 'Normal'];

/** Writes the data set with the files of the study's list and their labels. */
const WRITERS = {
  ham10000(files: readonly string[], labels: string) {
    const rows = files.map((file, i) => `HAM_${i >> 1},${file.replace('.jpg', '')},${HAM[Number(labels[i])]}`);
    write('ham10000/HAM10000_metadata.csv', `${['lesion_id,image_id,dx', ...rows].join('\n')}\n`);
    for (const file of files) write(`ham10000/skin_cancer/${file}`);
  },
  'pad-ufes-20'(files: readonly string[], labels: string) {
    // The first two parts of a file's name are its patient.
    const rows = files.map((file, i) => `${file.split('_').slice(0, 2).join('_')},${PAD[Number(labels[i])]},${file}`);
    write('pad-ufes-20/metadata.csv', `${['patient_id,diagnostic,img_id', ...rows].join('\n')}\n`);
    for (const file of files) write(`pad-ufes-20/images/${file}`);
  },
  bach(files: readonly string[], labels: string) {
    for (const [i, file] of files.entries())
      write(`bach/ICIAR2018_BACH_Challenge/Photos/${FOLDERS[Number(labels[i])]}/${file}`);
  },
};

const TASKS = { ham10000: () => new Ham10000(), 'pad-ufes-20': () => new PadUfes20(), bach: () => new Bach() };
type TaskId = keyof typeof TASKS;
const context = (skipBad = false) => testContext({ dataRoot: root, settings: { split: 'study' }, skipBad });

describe('split: study', () => {
  it.each([
    ['ham10000', { train: 8012, test: 2003 }],
    ['pad-ufes-20', { train: 1838, test: 460 }],
    ['bach', { train: 300, test: 100 }],
  ] as const)('%s has the sizes and classes of the study', async (task: TaskId, sizes) => {
    const { counts, labels } = fixture(task);
    WRITERS[task](listed(task), labels);
    const { splits } = await TASKS[task]().inspect(context());
    for (const split of ['train', 'test'] as const) {
      expect(splits[split]!.examples).toBe(sizes[split]);
      expect(splits[split]!.classes).toEqual(counts[split]);
    }
  });

  it('tests 23, 20, 26 and 31 images of the four classes of BACH, whose file names are presumed', async () => {
    WRITERS.bach(listed('bach'), fixture('bach').labels);
    const { splits, notes } = await new Bach().inspect(context());
    expect(splits.test!.classes).toEqual([23, 20, 26, 31]);
    expect(notes.join(' ')).toContain('presumed');
  });

  it('notes that 260 of 460 test images of PAD-UFES-20 show a patient of the training split', async () => {
    WRITERS['pad-ufes-20'](listed('pad-ufes-20'), fixture('pad-ufes-20').labels);
    const { notes } = await new PadUfes20().inspect(context());
    expect(notes).toContain('260 of 460 test images show a patient of the training split');
  });

  it('names a listed file that is not there, and leaves it out under skipBad', async () => {
    const { labels } = fixture('bach');
    WRITERS.bach(listed('bach').slice(0, -1), labels);
    await expect(new Bach().open(context())).rejects.toMatchObject({
      code: 'data',
      message: "split=study: the image n100.tif of the study's list is not there",
      hint: expect.stringContaining('presumed'),
    });
    const { train, test, notes } = await new Bach().open(context(true));
    expect(train.labels.length + test.labels.length).toBe(399);
    expect(notes).toContain("1 images of the study's list are left out");
  });

  it('names an image that the list does not name', async () => {
    WRITERS.bach([...listed('bach'), 'n101.tif'], `${fixture('bach').labels}3`);
    await expect(new Bach().open(context())).rejects.toThrow(
      "split=study: the study's list does not name the image n101.tif",
    );
  });

  it('divides generated images image by image, and says so', async () => {
    WRITERS.bach(
      Array.from({ length: 40 }, (_, i) => `generated-${i}.tif`),
      '0123'.repeat(10),
    );
    await markGenerated(root, 'Made by a test.');
    const { test, notes } = await new Bach().open(context());
    expect(test.labels).toHaveLength(10);
    expect(notes).toEqual(["generated images, which the study's list does not name"]);
  });
});

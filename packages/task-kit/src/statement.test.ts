import { describe, expect, it } from 'vitest';
import { toStatement } from './index.js';

describe('toStatement merges question and answer', () => {
  it.each([
    ['Is there a fracture?', 'Yes', 'there is a fracture'],
    ['is there a fracture?', 'no', 'there is no fracture'],
    ['Is there any evidence of free air? ', 'No.', 'there is no evidence of free air'],
    ['Are there multiple nodules?', 'yes', 'there are multiple nodules'],
    ['is this a CT image?', 'no', 'this is not a CT image'],
    ['Is this an MRI?', 'Yes', 'this is an MRI'],
    ['what plane is this?', 'axial', 'what plane is this: axial'],
    ['are the lungs clear?', 'no', 'are the lungs clear: no'],
  ])('%s %s', (question, answer, statement) => expect(toStatement(question, answer)).toBe(statement));
});

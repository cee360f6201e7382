import { firstRepeated, MedbenchError } from '@medbench/core';
import { z } from 'zod';
import type { Study } from './study.js';

const text = z.string().min(1);
const tree = z.record(z.string(), z.unknown());
const layered = { config: tree.optional(), presets: z.record(z.string(), tree).optional() };
const name = z.string().regex(/^\w[\w.-]*$/, 'must be letters, digits and - _ . only: it names a folder');

/** A list in which no value may occur twice. */
const distinct = <T extends z.ZodArray>(list: T): T =>
  list.refine((values) => firstRepeated(values) === undefined, 'holds a value twice');

const schema = z
  .strictObject({
    id: name,
    title: text,
    question: text,
    ...layered,
    variants: z
      .array(z.strictObject({ id: name, title: text, ...layered }))
      .min(1)
      .refine((variants) => new Set(variants.map(({ id }) => id)).size === variants.length, 'two variants have one id')
      .optional(),
    questions: z
      .array(
        z.strictObject({
          id: text,
          question: text,
          against: text,
          rows: distinct(z.array(text).min(1)),
          on: z.enum(['primary', 'rare']).optional(),
          found: text.optional(),
        }),
      )
      .optional(),
    search: z
      .strictObject({
        methods: distinct(z.array(text).min(1)),
        setting: text,
        values: distinct(z.array(z.number()).min(2)),
        baseline: text,
        usual: z.number(),
        eta: z.number().gt(1),
      })
      .optional(),
  })
  .refine(({ search, variants }) => !search || variants, '"search" needs variants: it searches in each of them');

/**
 * Checks the contents of a study file.
 * @param where the file, for messages.
 * @throws MedbenchError('config') that lists all faults.
 */
export function checkStudy(value: unknown, where: string): Study {
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data as Study;
  const faults = checked.error.issues.map(
    ({ path, message }) => `${path.length > 0 ? `"${path.join('.')}": ` : ''}${message}`,
  );
  throw new MedbenchError('config', `${where} is not a study: ${faults.join('; ')}`, {
    hint: 'A study has id, title and question, and optionally config (settings of a run), variants and questions; see packages/studies.',
  });
}

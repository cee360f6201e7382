import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@medbench/core';

/** Answers of servers that are kept for a time without a network, one JSON file each. */
export class KeptAnswers {
  constructor(private readonly folder: string) {}

  async keep(question: string, answer: unknown): Promise<void> {
    await writeFileAtomic(this.#path(question), JSON.stringify({ question, answer })).catch(() => undefined);
  }

  /** @returns undefined if none is kept. */
  async find(question: string): Promise<unknown> {
    try {
      const kept = JSON.parse(await readFile(this.#path(question), 'utf8')) as { question: string; answer: unknown };
      return kept.question === question ? kept.answer : undefined;
    } catch {
      return undefined;
    }
  }

  #path(question: string): string {
    return join(this.folder, `${createHash('sha256').update(question).digest('hex').slice(0, 32)}.json`);
  }
}

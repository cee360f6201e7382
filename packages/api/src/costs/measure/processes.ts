import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { MedbenchError, parseVariable, readVariable } from '@medbench/core';
import { restoreError } from '@medbench/runner';
import type { MeasureAnswer, MeasuredUnit, MeasureRequest } from './record.js';

/** The built module of a process that measures. Node resolves it, also where this module runs from its source. */
const measurerModule = (): string => createRequire(import.meta.url).resolve('@medbench/api/measurer');

/** One process that measures units, one after the other. */
export class Measurer {
  readonly #child: ChildProcess;
  readonly #answers: MeasureAnswer[] = [];
  #wake: () => void = () => {};
  #ended = false;

  /**
   * @param folder of the measurement.
   * @param count number of such processes, which divide a limit of memory.
   */
  constructor(folder: string, count: number, env: Readonly<Record<string, string>>) {
    const limit = parseVariable('MEDBENCH_MEMORY', readVariable('MEDBENCH_MEMORY'));
    this.#child = fork(measurerModule(), [folder], {
      execArgv: [],
      env: { ...process.env, ...env, ...(limit === undefined ? {} : { MEDBENCH_MEMORY: String(limit / count) }) },
      serialization: 'advanced',
      // What it prints in spite of its channel, such as a warning of Node, is for the user.
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    this.#child.on('message', (answer: MeasureAnswer) => {
      this.#answers.push(answer);
      this.#wake();
    });
    for (const event of ['error', 'exit'] as const) {
      this.#child.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  /** @throws MedbenchError that the process met; ('backend') if it ended by itself. */
  async #answer(): Promise<MeasureAnswer> {
    while (this.#answers.length === 0) {
      if (this.#ended) {
        throw new MedbenchError('backend', 'A process that measures ended by itself', {
          hint: 'There may be too little memory: MEDBENCH_JOBS=1 measures in one process.',
        });
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const answer = this.#answers.shift()!;
    if (answer.type === 'failed') throw restoreError(answer.error);
    return answer;
  }

  #send(request: MeasureRequest): void {
    if (this.#child.connected) this.#child.send(request);
  }

  /** Waits until it can measure. @returns the seconds that its start took. */
  async ready(): Promise<number> {
    const answer = await this.#answer();
    return answer.type === 'ready' ? answer.seconds : 0;
  }

  async measure(row: string): Promise<MeasuredUnit> {
    this.#send({ measure: row });
    const answer = await this.#answer();
    if (answer.type !== 'measured') throw new Error(`unexpected answer ${answer.type}`);
    return answer.unit;
  }

  /** Keeps a core busy, as another process of a run would, until something is to be measured. */
  spin(): void {
    this.#send({ spin: true });
  }

  end(): void {
    if (this.#ended) return;
    this.#send({ end: true });
    // It may be in the middle of a unit.
    if (this.#child.exitCode === null) this.#child.kill('SIGTERM');
  }
}

/**
 * Measures units on several processes, each of which takes the next one. Rows that start from the general-domain weights
 * wait for them. A process that finds nothing to do keeps its core busy, so that the others run as beside a full machine.
 * @param first units without which those of `rest` cannot begin.
 */
export async function measureUnits(
  measurers: readonly Measurer[],
  { first, independent, rest }: { readonly first: string[]; readonly independent: string[]; readonly rest: string[] },
  measured: (unit: MeasuredUnit) => void,
): Promise<void> {
  let left = first.length;
  const waiting: (() => void)[] = [];
  const wakeAll = (): void => {
    for (const wake of waiting.splice(0)) wake();
  };
  const next = async (measurer: Measurer): Promise<string | undefined> => {
    for (;;) {
      const row = first.shift() ?? independent.shift() ?? (left === 0 ? rest.shift() : undefined);
      if (row !== undefined || (left === 0 && rest.length === 0)) return row;
      measurer.spin();
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  const needed = new Set(first);
  await Promise.all(
    measurers.map(async (measurer) => {
      try {
        for (let row = await next(measurer); row !== undefined; row = await next(measurer)) {
          measured(await measurer.measure(row));
          if (needed.delete(row)) left--;
          wakeAll();
        }
        if (measurers.length > 1) measurer.spin();
      } catch (error) {
        left = 0;
        for (const queue of [first, independent, rest]) queue.length = 0;
        wakeAll();
        throw error;
      }
    }),
  );
}

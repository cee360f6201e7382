import type { Catalogue } from '../catalogue/catalogue.js';
import type { Profile } from '../contracts/profile.js';
import type { Random } from '../random/index.js';
import type { Registry } from './registry.js';
import { createToken } from './token.js';

/** Reports what happens during a run. */
export interface Logger {
  /** Prints a line for the user. */
  info(message: string): void;
  /** Prints a warning for the user. */
  warn(message: string): void;
  /** Adds a structured entry to the run's log without printing it. */
  event(entry: Readonly<Record<string, unknown>>): void;
}

/** Makes a random stream from the run's first seed and the given names. */
export type RandomSource = (...names: readonly (string | number)[]) => Random;

/**
 * Tokens of the services that a plugin may ask for in its constructor. Each service lives as long as the run.
 *
 * @example
 * ```ts
 * import { Method, use } from '@medbench/core';
 * import { type Logger, Services } from '@medbench/core/services';
 *
 * @Method({ id: 'plain', title: 'Plain CLIP', question: 'baseline', source: 'arXiv:2103.00020' })
 * export class Plain implements Method {
 *   readonly start = 'general';
 *
 *   constructor(@Services.Logger logger: Logger) {
 *     logger.event({ plugin: 'plain' });
 *   }
 *
 *   objectives() {
 *     return [use('clip')];
 *   }
 * }
 * ```
 */
export const Services = {
  /** Prints lines for the user and adds entries to the log. */
  Logger: createToken<Logger>('Logger'),
  /** Measures the time spent in each phase. */
  Profile: createToken<Profile>('Profile'),
  /** Makes random streams from the run's first seed. */
  Random: createToken<RandomSource>('Random'),
  /** Absolute path of the folder that holds the data sets. */
  DataRoot: createToken<string>('DataRoot'),
  /** Absolute path of a writable folder for files that are made on first use. */
  CacheRoot: createToken<string>('CacheRoot'),
  /** All installed plugins. */
  Catalogue: createToken<Catalogue>('Catalogue'),
  /** Builds other plugins by id. */
  Registry: createToken<Registry>('Registry'),
} as const;

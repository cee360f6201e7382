import type { Catalogue } from '../catalogue/catalogue.js';
import type { Profile } from '../contracts/profile.js';
import type { Random } from '../random/index.js';
import type { Registry } from './registry.js';
import { createToken } from './token.js';

/** Tells what happens while something runs. */
export interface Logger {
  /** A line worth the user's attention. */
  info(message: string): void;
  warn(message: string): void;
  /** A structured entry for the run's log only. */
  event(entry: Readonly<Record<string, unknown>>): void;
}

/** Makes a random stream of the run's first seed and of the names given. */
export type RandomSource = (...names: readonly (string | number)[]) => Random;

/** The services that a plugin may ask for in its constructor. Each lives as long as the run. */
export const Services = {
  Logger: createToken<Logger>('Logger'),
  /** Hears what the time goes into. */
  Profile: createToken<Profile>('Profile'),
  /** A `RandomSource`. */
  Random: createToken<RandomSource>('Random'),
  /** Folder that holds the data sets, absolute. */
  DataRoot: createToken<string>('DataRoot'),
  /** Writable folder for what is made on first use, absolute. */
  CacheRoot: createToken<string>('CacheRoot'),
  Catalogue: createToken<Catalogue>('Catalogue'),
  Registry: createToken<Registry>('Registry'),
} as const;

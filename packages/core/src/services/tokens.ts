import 'reflect-metadata';
import { inject, type ServiceIdentifier } from 'inversify';
import type { Catalogue } from '../catalogue/catalogue.js';
import type { Profile } from '../contracts/profile.js';
import type { Random } from '../random/index.js';
import type { Registry } from './registry.js';

/**
 * A typed service identifier that is also the parameter decorator that asks for it:
 * `constructor(@Services.Logger private readonly log: Logger)`. It needs no emitted decorator metadata.
 */
export type Token<T> = ParameterDecorator & { readonly id: ServiceIdentifier<T> };

const PREFIX = 'medbench.';

/** The same name always gives the same identifier, also across copies of this package. */
export function createToken<T>(name: string): Token<T> {
  const id = Symbol.for(PREFIX + name);
  return Object.assign(inject(id) as ParameterDecorator, { id: id as ServiceIdentifier<T> });
}

/** The name under which a token was made, found in a message that spells its identifier. */
export const tokenNameIn = (message: string): string | undefined => /Symbol\(medbench\.([^)]+)\)/.exec(message)?.[1];

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

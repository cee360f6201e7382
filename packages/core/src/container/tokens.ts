import 'reflect-metadata';
import { inject, type ServiceIdentifier } from 'inversify';
import type { Catalogue } from '../catalogue/catalogue.js';
import type { Pretraining } from '../contracts/pretraining.js';
import type { Registry } from './registry.js';

/**
 * A typed service identifier that is also the parameter decorator that asks for it:
 * `constructor(@Logger private readonly log: Logger)`. Needs no emitted decorator metadata.
 */
export type Token<T> = ParameterDecorator & { readonly id: ServiceIdentifier<T> };

/** The same name always gives the same identifier, also across copies of this package. */
export function createToken<T>(name: string): Token<T> {
  const id = Symbol.for(`medbench.${name}`);
  return Object.assign(inject(id) as ParameterDecorator, { id: id as ServiceIdentifier<T> });
}

/** What a run tells while it goes on. Entries go to `log.jsonl`; some also to the screen. */
export interface Logger {
  /** A line worth the user's attention. */
  info(message: string): void;
  warn(message: string): void;
  /** A structured entry for the run's log only. */
  event(entry: Readonly<Record<string, unknown>>): void;
}

/** The services of a run. Plugins may ask for any of them in their constructor. */
export const Tokens = {
  Logger: createToken<Logger>('Logger'),
  Catalogue: createToken<Catalogue>('Catalogue'),
  Registry: createToken<Registry>('Registry'),
  Pretraining: createToken<Pretraining>('Pretraining'),
} as const;

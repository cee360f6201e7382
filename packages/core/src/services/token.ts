import 'reflect-metadata';
import { inject, type ServiceIdentifier } from 'inversify';

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

import 'reflect-metadata';
import { inject, type ServiceIdentifier } from 'inversify';

/**
 * A typed service identifier that is also the parameter decorator asking for the service:
 * `constructor(@Services.Logger private readonly log: Logger)`. It does not need emitted decorator metadata.
 */
export type Token<T> = ParameterDecorator & { readonly id: ServiceIdentifier<T> };

const PREFIX = 'medbench.';

/** Makes the token of a service. The same name gives the same identifier, even in another copy of this package. */
export function createToken<T>(name: string): Token<T> {
  const id = Symbol.for(PREFIX + name);
  return Object.assign(inject(id) as ParameterDecorator, { id: id as ServiceIdentifier<T> });
}

/** Finds the name of a token in an error message that contains its identifier. */
export const tokenNameIn = (message: string): string | undefined => /Symbol\(medbench\.([^)]+)\)/.exec(message)?.[1];

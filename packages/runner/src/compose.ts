import 'reflect-metadata';
import type { Pretraining } from '@medbench/core';
import type { Catalogue } from '@medbench/core/catalogue';
import { type Logger, Registry, Tokens } from '@medbench/core/services';
import { Container } from 'inversify';

/** Services that plugins may ask for in their constructors. */
export interface Services {
  readonly logger: Logger;
  readonly pretraining?: Pretraining;
}

/** The composition root's one step: a container with the services bound, and the registry that builds plugins from it. */
export function composeRegistry(catalogue: Catalogue, { logger, pretraining }: Services): Registry {
  const container = new Container({ defaultScope: 'Singleton' });
  const registry = new Registry(catalogue, container);
  container.bind(Tokens.Registry.id).toConstantValue(registry);
  container.bind(Tokens.Catalogue.id).toConstantValue(catalogue);
  container.bind(Tokens.Logger.id).toConstantValue(logger);
  if (pretraining) container.bind(Tokens.Pretraining.id).toConstantValue(pretraining);
  return registry;
}

/** Says nothing; for commands that only look. */
export const silentLogger: Logger = { info: () => {}, warn: () => {}, event: () => {} };

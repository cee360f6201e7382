import 'reflect-metadata';
import { Container, type Newable } from 'inversify';
import type { Catalogue } from '../catalogue/catalogue.js';
import type { PluginPackage } from '../catalogue/manifest.js';
import { type DecoratedClass, importPluginClasses } from '../catalogue/materialise.js';
import { findEntry } from '../catalogue/select.js';
import type { PluginKind, PluginKinds } from '../decorators.js';
import { errorMessage, MedbenchError } from '../errors.js';
import { rememberOrigin } from '../origin.js';
import { tokenNameIn } from './token.js';

/**
 * Builds plugins by id, importing a plugin package when it is first needed.
 *
 * Each package has its own child container of the run's container. So plugins of one package can share an instance of a
 * class of that package, and other packages cannot see it.
 *
 * @example
 * ```ts
 * import type { Registry } from '@medbench/core/services';
 *
 * export const openTask = (registry: Registry) => registry.get('task', 'vqa-rad');
 * ```
 */
export class Registry {
  readonly #instances = new Map<string, Promise<unknown>>();
  readonly #containers = new Map<string, Container>();

  /** @param container container with the services that plugins may ask for. */
  constructor(
    readonly catalogue: Catalogue,
    private readonly container: Container,
  ) {}

  /**
   * Returns the instance of a plugin, which is built once per run. The container resolves its constructor parameters.
   * @throws MedbenchError('unknown-id') with the nearest known id; ('plugin') if the package does not load, does not
   *   export the class, or asks for a service that is not bound.
   */
  get<K extends PluginKind>(kind: K, id: string): Promise<PluginKinds[K]['instance']> {
    const key = `${kind} ${id}`;
    let instance = this.#instances.get(key);
    if (!instance) {
      instance = this.#create(kind, id);
      this.#instances.set(key, instance);
    }
    return instance as Promise<PluginKinds[K]['instance']>;
  }

  async #create(kind: PluginKind, id: string): Promise<unknown> {
    const entry = findEntry(this.catalogue, kind, id);
    const classes = await importPluginClasses(entry.package);
    const match = classes.find(({ metadata }) => metadata.kind === kind && metadata.info.id === id);
    if (!match) {
      throw new MedbenchError(
        'plugin',
        `${entry.package.name} declares the ${kind} "${id}" but exports no such class`,
        {
          hint: 'Its info file and its code disagree: rebuild or reinstall the package.',
        },
      );
    }
    return this.#construct(entry.package, match);
  }

  #construct(plugin: PluginPackage, { target, metadata }: DecoratedClass): unknown {
    const { dir, name } = plugin;
    const container = this.#containers.get(dir) ?? packageContainer(this.container);
    this.#containers.set(dir, container);
    try {
      const instance = container.get(target as unknown as Newable<object>);
      rememberOrigin(instance, name);
      return instance;
    } catch (cause) {
      const service = tokenNameIn(errorMessage(cause));
      const who = `${target.name} of ${name} (${metadata.kind} ${metadata.info.id})`;
      if (service === undefined) {
        throw new MedbenchError('plugin', `${who} cannot be constructed: ${errorMessage(cause)}`, {
          cause,
          hint: 'Give each constructor parameter a token, such as @Services.Logger of @medbench/core/services.',
        });
      }
      throw new MedbenchError('plugin', `${who} asks for the service ${service}, which is not bound here`, {
        cause,
        hint: 'Ask for one of the Services of @medbench/core/services.',
      });
    }
  }
}

const packageContainer = (parent: Container): Container =>
  new Container({ parent, defaultScope: 'Singleton', autobind: true });

import 'reflect-metadata';
import { Container, type Newable } from 'inversify';
import type { Catalogue } from '../catalogue/catalogue.js';
import { pluginClasses } from '../catalogue/materialise.js';
import { entryOf } from '../catalogue/select.js';
import type { PluginKind, PluginKinds } from '../decorators.js';
import { MedbenchError } from '../errors.js';
import { rememberOrigin } from '../origin.js';

/** Turns ids into plugin instances, importing a plugin package when it is first needed. */
export class Registry {
  readonly #instances = new Map<string, Promise<unknown>>();

  constructor(
    readonly catalogue: Catalogue,
    private readonly container: Container,
  ) {}

  /**
   * The one instance of a plugin in this run. Its constructor parameters come from the container.
   * @throws MedbenchError('unknown-id') with the nearest id; ('plugin') if the package does not load or lacks the class.
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
    const entry = entryOf(this.catalogue, kind, id);
    const classes = await pluginClasses(entry.package);
    const found = classes.find(({ metadata }) => metadata.kind === kind && metadata.info.id === id);
    if (!found) {
      throw new MedbenchError(
        'plugin',
        `${entry.package.name} declares the ${kind} "${id}" but exports no such class`,
        {
          hint: 'Its manifest and its code disagree: rebuild or reinstall it.',
        },
      );
    }
    // A container of its own, so that what a plugin is built from cannot leak into another plugin.
    const plugin = new Container({ parent: this.container }).get(found.target as unknown as Newable<object>, {
      autobind: true,
    });
    rememberOrigin(plugin, entry.package.name);
    return plugin;
  }
}

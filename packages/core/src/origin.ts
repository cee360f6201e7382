import { pluginMetadata } from './decorators.js';

/** The package of each plugin that the registry built. */
const packages = new WeakMap<object, string>();

/** Notes the package of a plugin, for messages about it. */
export function rememberOrigin(plugin: object, packageName: string): void {
  packages.set(plugin, packageName);
}

/**
 * How a message begins that is about a plugin: `Class Sigmoid of medbench-method-sigmoid (method "sigmoid")`, with the parts that are
 * known. An object that is of no class is `The plugin`.
 */
export function describePlugin(plugin: object): string {
  const target: unknown = plugin.constructor;
  const name = typeof target === 'function' && target !== Object ? target.name : '';
  const metadata = pluginMetadata(target);
  const origin = packages.get(plugin);
  return [
    name ? `Class ${name}` : 'The plugin',
    ...(origin ? [`of ${origin}`] : []),
    ...(metadata ? [`(${metadata.kind} "${metadata.info.id}")`] : []),
  ].join(' ');
}

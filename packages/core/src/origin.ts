import { pluginMetadata } from './decorators.js';

/** Package name of each plugin instance that the registry built. */
const packages = new WeakMap<object, string>();

/** Records the package of a plugin instance, for messages about it. */
export function rememberOrigin(plugin: object, packageName: string): void {
  packages.set(plugin, packageName);
}

/**
 * Names a plugin at the beginning of a message: `Class Sigmoid of medbench-method-sigmoid (method "sigmoid")`. Parts
 * that are not known are left out. An object without a class is `The plugin`.
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

import { z } from 'zod';
import { type ConfigTree, isTree } from './merge.js';
import { configSchema, DEFAULTS } from './schema.js';

/** Adds the default of each setting to its schema, for editors to show. */
function addDefaults(schema: ConfigTree, defaults: unknown): void {
  if (isTree(schema.properties) && isTree(defaults)) {
    for (const [key, property] of Object.entries(schema.properties)) addDefaults(property as ConfigTree, defaults[key]);
  } else if (defaults !== undefined) schema.default = defaults;
}

/**
 * Makes the JSON Schema (draft 7, which all editors know) of a configuration file. Every setting is optional; the key
 * `$schema` is allowed.
 */
export function configJsonSchema(): ConfigTree {
  const schema = z.toJSONSchema(configSchema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema.required;
      // The bound of whole numbers that JavaScript can hold tells a reader nothing.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  }) as ConfigTree;
  addDefaults(schema, DEFAULTS);
  const { $schema, properties, ...rest } = schema;
  const schemaKey = { type: 'string', description: 'Path or address of this schema, for editors.' };
  return {
    $schema,
    title: 'medbench configuration',
    ...rest,
    properties: { $schema: schemaKey, ...(properties as ConfigTree) },
  };
}

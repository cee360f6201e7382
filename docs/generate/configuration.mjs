import { ENVIRONMENT } from '@medbench/core';
import { configSchema, DEFAULTS } from '@medbench/runner';
import { z } from 'zod';
import { writeGenerated } from './files.mjs';
import { code, prose, settingsTable, table } from './markdown.mjs';
import { list } from './medbench.mjs';

/** The values that a JSON schema admits, in words. */
function describeType(schema) {
  if (schema.anyOf) return [...new Set(schema.anyOf.map(describeType))].join(' or ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => describeType({ ...schema, type })).join(' or ');
  if (schema.enum) return schema.enum.join(' or ');
  if (schema.type === 'array') {
    if (schema.prefixItems) return `${schema.prefixItems.length} numbers: ${describeType(schema.prefixItems[0])}`;
    return `list of ${describeType(schema.items).replace(/^text$/, 'texts')}`;
  }
  if (schema.type === 'object') return 'object';
  if (schema.type === 'string') return 'text';
  if (schema.type === 'boolean') return 'true or false';
  if (schema.type === 'null') return 'null';
  const name = schema.type === 'integer' ? 'whole number' : 'number';
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const real = (bound) => (bound === undefined || Math.abs(bound) >= Number.MAX_SAFE_INTEGER ? undefined : bound);
  const bounds = [
    real(minimum) !== undefined && `at least ${minimum}`,
    real(exclusiveMinimum) !== undefined && `above ${exclusiveMinimum}`,
    real(maximum) !== undefined && `at most ${maximum}`,
    real(exclusiveMaximum) !== undefined && `below ${exclusiveMaximum}`,
  ].filter(Boolean);
  return [name, bounds.join(', ')].filter((part) => part !== '').join(' ');
}

/** The settings of a schema by path; objects with known members are entered. */
function settingRows(schema, defaults, path = []) {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const here = [...path, name];
    if (member.type === 'object' && member.properties) return settingRows(member, defaults?.[name] ?? {}, here);
    const value = defaults?.[name];
    return [
      [
        code(here.join('.')),
        value === undefined ? '' : code(JSON.stringify(value)),
        prose(describeType(member)),
        member.description === undefined ? '' : prose(member.description),
      ],
    ];
  });
}

/** Writes all settings of a run with their bounds and defaults, those of the protocols, and the environment variables. */
export function writeConfiguration() {
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
  const settings = table(['setting', 'default', 'values', 'meaning'], settingRows(schema, DEFAULTS));
  const protocols = list('protocols').flatMap(({ id, title, section = id, settings: specs }) => {
    const specified = settingsTable(specs, `evaluation.${section}`);
    return specified === '' ? [] : [`### ${prose(title)}\n\n${specified}`];
  });
  const variables = Object.entries(ENVIRONMENT).map(([name, meaning]) => [code(name), prose(meaning)]);
  const presets = list('presets').map(({ id, title, description, package: name }) => [
    code(id),
    prose(title ?? description ?? ''),
    prose(name ?? ''),
  ]);
  const parts = [
    `## All settings\n\n${settings}`,
    `## Settings of the protocols\n\nThe section \`evaluation\` also holds the settings of each protocol.`,
    ...protocols,
    `## Presets\n\n${table(['preset', 'title', 'package'], presets)}`,
    `## Environment variables\n\n${table(['variable', 'meaning'], variables)}`,
  ];
  writeGenerated('generated/configuration.md', parts.join('\n\n'));
}

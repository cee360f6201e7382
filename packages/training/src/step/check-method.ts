import type { MethodInput } from '@medbench/core';
import { pluginFault } from '@medbench/core/methods';
import type { StepOptions } from './definition.js';

const STARTS: readonly unknown[] = ['general', 'scratch'];

/**
 * Checks what a method declares against the towers, before anything is recorded.
 * @throws MedbenchError('plugin') that names the class, its package and what to change: an unknown start, a parameter
 *   whose name is taken, a frozen name that no parameter has, no parameter to train, an input without shape or type.
 */
export function checkMethod(
  { model, method, settings, parameters }: Omit<StepOptions, 'name' | 'training'>,
  inputs: Readonly<Record<string, MethodInput>>,
): void {
  if (!STARTS.includes(method.start)) {
    throw pluginFault(method.label, `start is ${JSON.stringify(method.start)}; make it "general" or "scratch"`);
  }
  const towers = new Set(model.parameters.map(({ name }) => name));
  const declared = new Set<string>();
  for (const { name } of parameters) {
    if (declared.has(name)) {
      const conflict = towers.has(name) ? 'which the towers have' : 'twice';
      throw pluginFault(method.label, `parameters() declares "${name}", ${conflict}; give it a name of its own`);
    }
    declared.add(name);
  }
  const frozen = new Set(method.frozen(model, settings));
  for (const name of frozen) {
    if (declared.has(name)) continue;
    throw pluginFault(
      method.label,
      `frozen() names "${name}", which is no parameter of ${model.image.id} or ${model.text.id}; take names from model.parameters`,
    );
  }
  if (parameters.every(({ name, buffer }) => buffer || frozen.has(name))) {
    throw pluginFault(method.label, 'frozen() leaves no parameter to train; freeze less');
  }
  for (const [name, { shape, dtype, draw }] of Object.entries(inputs)) {
    const valid =
      Array.isArray(shape) && shape.every((side) => Number.isInteger(side) && side > 0) && typeof draw === 'function';
    if (valid && ['float32', 'int32'].includes(dtype)) continue;
    throw pluginFault(
      method.label,
      `the input "${name}" needs a shape of whole numbers, a dtype (float32 or int32) and draw()`,
    );
  }
}

import type { TensorSpec } from '@medbench/core';

/** Name of the mesh, and of its only axis. */
const MESH = '@devices';
const AXIS = '"device"';

/**
 * Whether several devices divide the rows of an input among them. Inputs that they cannot divide, such as a learning rate,
 * are whole on each.
 */
export const isDivided = ({ shape }: TensorSpec, devices: number): boolean =>
  devices > 1 && shape.length > 0 && shape[0]! > 0 && shape[0]! % devices === 0;

/** The devices of a program, as Shardy writes them: a mesh with one axis. Empty for one device. */
export const meshText = (devices: number): string => (devices > 1 ? `sdy.mesh ${MESH} = <[${AXIS}=${devices}]>\n` : '');

/**
 * The attribute that says where an argument or a result is: its rows divided among the devices, or whole on each. What
 * lies between is up to XLA's partitioner, which puts in the collectives. Empty for one device.
 */
export function shardingText({ shape }: TensorSpec, devices: number, divided: boolean): string {
  if (devices === 1) return '';
  const axes = shape.map((_, axis) => (axis === 0 && divided ? `{${AXIS}}` : '{}'));
  return `sdy.sharding = #sdy.sharding<${MESH}, [${axes.join(', ')}]>`;
}

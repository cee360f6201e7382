import { elementCount } from '@medbench/core';
import { sameShape, type Value } from './graph.js';

type Shape = readonly number[];

/** What a reshape gives another shape to, where that has fewer axes; undefined for anything else. */
export function behindReshape(x: Value): Value | undefined {
  const source = x.node?.op === 'Reshape' ? x.node.inputs[0] : undefined;
  return source && source.shape.length < x.shape.length ? source : undefined;
}

/** The same for operators along the last axis, which has to stay what it is. */
export function rowsBehindReshape(x: Value): Value | undefined {
  const source = behindReshape(x);
  return source && source.shape.length > 0 && source.shape.at(-1) === x.shape.at(-1) ? source : undefined;
}

/** The same where the axes before the last may be more. */
export const sameRowsBehind = ({ shape, node }: Value): Value | undefined =>
  node?.op === 'Reshape' && node.inputs[0]!.shape.at(-1) === shape.at(-1) ? node.inputs[0] : undefined;

/** The shape that an operand of shape `own` has where the result `whole` is seen as `view`; undefined if it has none. */
function seenAs(own: Shape, whole: Shape, view: Shape): Shape | undefined {
  if (elementCount(own) === 1) return [];
  if (sameShape(own, whole)) return view;
  const last = whole.at(-1);
  if (view.at(-1) !== last) return undefined;
  if (sameShape(own, [...whole.slice(0, -1), 1])) return [...view.slice(0, -1), 1];
  return own.at(-1) === last && elementCount(own) === last ? [last!] : undefined;
}

/** A shape in which operands can be combined instead of the one they have, and the shapes that they take in it. */
export interface View {
  readonly shape: Shape;
  readonly operands: readonly Shape[];
}

/**
 * The view with the fewest axes in which an elementwise operator can compute: that of a reshaped operand. Reshapes move
 * towards the results that way, where most of them meet another and vanish.
 * @param whole shape of the operator's result.
 */
export function commonView(operands: readonly Value[], whole: Shape): View | undefined {
  const shapes = operands.flatMap((operand) => {
    const source = sameShape(operand.shape, whole) ? behindReshape(operand) : undefined;
    return source ? [source.shape] : [];
  });
  for (const shape of shapes.sort((a, b) => a.length - b.length)) {
    const seen = operands.map((operand) => seenAs(operand.shape, whole, shape));
    if (seen.every((one) => one !== undefined)) return { shape, operands: seen as Shape[] };
  }
  return undefined;
}

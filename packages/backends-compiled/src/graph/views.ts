import { elementCount } from '@medbench/core';
import { sameShape, type Value } from './graph.js';

type Shape = readonly number[];

/** The input of a reshape that adds axes; undefined for any other value. */
export function lowerRankSource(x: Value): Value | undefined {
  const source = x.node?.op === 'Reshape' ? x.node.inputs[0] : undefined;
  return source && source.shape.length < x.shape.length ? source : undefined;
}

/**
 * The input of a reshape that adds axes and keeps the last axis, for operators along that axis; otherwise undefined.
 */
export function lowerRankRowSource(x: Value): Value | undefined {
  const source = lowerRankSource(x);
  return source && source.shape.length > 0 && source.shape.at(-1) === x.shape.at(-1) ? source : undefined;
}

/** The input of a reshape that keeps the last axis, whatever its number of axes; otherwise undefined. */
export const rowSource = ({ shape, node }: Value): Value | undefined =>
  node?.op === 'Reshape' && node.inputs[0]!.shape.at(-1) === shape.at(-1) ? node.inputs[0] : undefined;

/**
 * The shape of an operand when the result is viewed in the shape `view`; undefined if the operand has no such shape.
 */
function operandViewShape(operandShape: Shape, resultShape: Shape, view: Shape): Shape | undefined {
  if (elementCount(operandShape) === 1) return [];
  if (sameShape(operandShape, resultShape)) return view;
  const last = resultShape.at(-1);
  if (view.at(-1) !== last) return undefined;
  if (sameShape(operandShape, [...resultShape.slice(0, -1), 1])) return [...view.slice(0, -1), 1];
  return operandShape.at(-1) === last && elementCount(operandShape) === last ? [last!] : undefined;
}

/** An alternative shape for an elementwise result, and the shapes that its operands take there. */
export interface ElementwiseView {
  readonly shape: Shape;
  readonly operands: readonly Shape[];
}

/**
 * The view with the fewest axes in which an elementwise operator can compute. Candidates are the shapes that its
 * operands had before a reshape. Computing there moves reshapes towards the results, where most of them meet another
 * reshape and cancel.
 * @param resultShape shape of the operator's result.
 */
export function commonView(operands: readonly Value[], resultShape: Shape): ElementwiseView | undefined {
  const shapes = operands.flatMap((operand) => {
    const source = sameShape(operand.shape, resultShape) ? lowerRankSource(operand) : undefined;
    return source ? [source.shape] : [];
  });
  for (const shape of shapes.sort((a, b) => a.length - b.length)) {
    const operandShapes = operands.map((operand) => operandViewShape(operand.shape, resultShape, shape));
    if (operandShapes.every((operandShape) => operandShape !== undefined))
      return { shape, operands: operandShapes as Shape[] };
  }
  return undefined;
}

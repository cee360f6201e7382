import type * as trace from '@medbench/backend-trace';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';

/** The input values of a kernel, by TensorFlow.js name. */
export type OnnxInputs = trace.KernelInputs<Value>;

/** Translates one TensorFlow.js kernel into ONNX nodes. The builder infers their shapes. */
export type OnnxRule = trace.KernelRule<Builder, Value>;

/** The rules of one family of kernels, by TensorFlow.js name. */
export type OnnxRuleTable = trace.KernelRules<Builder, Value>;
